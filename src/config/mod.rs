//! OpenClaw's config as values: which files make it up, what its gateway section says, what this
//! machine is by it, and which copies of it lie beside it. [`model::ConfigModel`] is the whole.
//!
//! Pure: files come in through [`paths::ReadFile`], and nothing here writes. Edits are made by
//! [`crate::format::json5`] in the file that [`include::Resolved`] names.

pub mod copies;
mod credential;
pub mod differs;
pub mod facts;
pub mod flags;
pub mod gateway;
mod host;
pub mod include;
mod lines;
pub mod model;
pub mod owner;
pub mod paths;
pub mod problem;
pub mod references;
pub mod release;
pub mod schema;
pub mod secretref;
pub mod url;
pub mod vars;
pub mod vocabulary;
