//! What the state means: typed, lenient views of the images.

pub mod layout;
