//! What can be wrong with an include, as data and in words.
use super::owner::FileId;
use crate::format::json5::{SyntaxError, path_text};
use crate::secret::shape::Shape;
use std::fmt;
use std::path::{Path, PathBuf};

/// An include that could not be followed. OpenClaw refuses the config because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file that holds the `$include`.
    pub file: FileId,
    /// The object that holds it, from that file's root.
    pub path: Vec<String>,
    /// What it names.
    pub include: String,
    /// Why it could not be followed.
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

impl Problem {
    /// What is wrong; files below `folder` by their path in it.
    pub fn below(&self, folder: &Path) -> String {
        let include = Shape::File.show(&self.include);
        let at = match &self.path[..] {
            [] => "$include".to_owned(),
            path => format!("{}.$include", path_text(path)),
        };
        format!("`{at}` of `{include}`: {}", self.kind.below(folder))
    }
}

impl ProblemKind {
    fn below(&self, folder: &Path) -> String {
        let shown = |path: &PathBuf| {
            let path = path.strip_prefix(folder).unwrap_or(path);
            Shape::File.show(&crate::platform::shown(path))
        };
        match self {
            Self::NotAPath => "it must be a path or a list of paths".to_owned(),
            Self::BadPath => "the path is too long or holds a NUL byte".to_owned(),
            Self::Escapes(path) => format!("`{}` is outside of the config's folder", shown(path)),
            Self::Cycle(chain) => {
                let chain: Vec<_> = chain.iter().map(shown).collect();
                format!("it includes itself: {}", chain.join(" -> "))
            }
            Self::TooDeep => "too many includes inside each other".to_owned(),
            Self::Unreadable(path, problem) => format!("`{}`: {problem}", shown(path)),
            Self::Unparsable(path, error) => format!("`{}` is not JSON5: {error}", shown(path)),
            Self::NotAnObject => {
                "there are keys beside it, but the file holds no object to merge them into"
                    .to_owned()
            }
        }
    }
}

/// With whole paths.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.below(Path::new("")))
    }
}
