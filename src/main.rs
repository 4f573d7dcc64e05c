//! The `clawmend` binary.
fn main() {}
