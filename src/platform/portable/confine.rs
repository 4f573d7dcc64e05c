//! Walls around a thread: not known to `std`.

use crate::platform::SystemFolder;

/// No walls can be built, so there are none.
#[derive(Debug)]
pub enum Walls {}

impl Walls {
    /// `None`: this system has none.
    pub fn around<'a>(
        _folders: impl IntoIterator<Item = (&'a SystemFolder, bool)>,
    ) -> Option<Self> {
        None
    }

    /// Whether they stand around this thread now.
    pub fn close(self) -> bool {
        match self {}
    }
}
