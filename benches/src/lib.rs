//! Benchmarks of clawmend; see benches/core.rs and ../whole.py.
