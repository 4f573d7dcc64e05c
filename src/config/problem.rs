//! What can be wrong with an include, as data and in words.
use super::owner::FileId;
use crate::format::json5::{SyntaxError, path_text};
use crate::secret::shape::Shape;
use std::fmt;
use std::path::PathBuf;

/// An include that could not be followed. OpenClaw refuses the config because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file that holds the `$include`.
    pub file: FileId,
    /// The object that holds it, from that file's root.
    pub path: Vec<String>,
    /// What it names.
    pub include: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong with an include.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// Neither a string nor a list of strings.
    NotAPath,
    /// Too long, or with a NUL byte.
    BadPath,
    /// It lies outside of the config's folder (and of `OPENCLAW_INCLUDE_ROOTS`).
    Escapes(PathBuf),
    /// It leads back to a file that includes it.
    Cycle(Vec<PathBuf>),
    /// More than [`MAX_INCLUDE_DEPTH`](super::include::MAX_INCLUDE_DEPTH) includes deep, or too many in all.
    TooDeep,
    /// It cannot be read, or OpenClaw does not take it; says why.
    Unreadable(PathBuf, String),
    /// It is not JSON5.
    Unparsable(PathBuf, SyntaxError),
    /// Keys stand beside the `$include`, and the file holds no object to merge them into.
    NotAnObject,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let include = Shape::File.show(&self.include);
        match &self.path[..] {
            [] => write!(f, "`$include` of `{include}`: ")?,
            path => write!(f, "`{}.$include` of `{include}`: ", path_text(path))?,
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &PathBuf| Shape::File.show(&crate::platform::shown(path));
        match self {
            Self::NotAPath => f.write_str("it must be a path or a list of paths"),
            Self::BadPath => f.write_str("the path is too long or holds a NUL byte"),
            Self::Escapes(path) => write!(f, "`{}` is outside of the config's folder", shown(path)),
            Self::Cycle(chain) => {
                let chain: Vec<_> = chain.iter().map(shown).collect();
                write!(f, "it includes itself: {}", chain.join(" -> "))
            }
            Self::TooDeep => f.write_str("too many includes inside each other"),
            Self::Unreadable(path, problem) => write!(f, "`{}`: {problem}", shown(path)),
            Self::Unparsable(path, error) => write!(f, "`{}` is not JSON5: {error}", shown(path)),
            Self::NotAnObject => f.write_str(
                "there are keys beside it, but the file holds no object to merge them into",
            ),
        }
    }
}
