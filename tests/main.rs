//! Integration tests.

mod sqlite_store;
