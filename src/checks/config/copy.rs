//! `--config-from`: a copy takes the config's place.

use super::{file, replaced};
use crate::checks::Options;
use crate::checks::edits::edit;
use crate::config::copies::ConfigCopy;
use crate::config::differs::{differences, in_words};
use crate::image::{FileState, Slot};
use crate::model::Model;
use crate::plan::{Edit, Op, Target};

/// The model with the copy in the config's place, and the edit that puts it there. `None` where none is
/// named, the config is that already, is managed elsewhere, or the copy is no config.
pub(in crate::checks) fn with_copy(model: &Model, options: &Options) -> Option<(Model, Edit)> {
    let (path, bytes) = options.config_from.as_ref()?;
    let slot = Slot::Config(model.config.path.clone());
    let image = model.images.text(&slot)?;
    let is_same = image.bytes().is_some_and(|now| now == bytes);
    let is_unusable = matches!(image.state, FileState::Unusable(_));
    let is_config =
        ConfigCopy::read("c", "c.bak", 0, bytes).is_some_and(|copy| copy.broken.is_none());
    let is_fixed = model.config.fixed(&model.images, &model.config.path).is_some();
    if is_same || is_unusable || !is_config || is_fixed {
        return None;
    }
    let lost = image.bytes().filter(|now| !now.is_empty());
    let lost = lost.map(|now| in_words(differences(now, bytes).as_ref()));
    let lost = lost.map(|lost| format!("; {lost}")).unwrap_or_default();
    let mut images = model.images.clone();
    if let Some(image) = images.texts.get_mut(&slot) {
        let meta = image.state.meta().copied().unwrap_or_default();
        image.state = FileState::Present { bytes: bytes.clone(), meta };
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let why =
        format!("the copy {name} ({}) replaces the config{lost}", crate::platform::shown(path));
    let repaired = [
        &file::MISSING,
        &file::EMPTY,
        &file::UNPARSABLE,
        &replaced::REPLACED,
        &replaced::SUSPICIOUS,
    ];
    let codes = repaired.map(|check| check.code);
    let edit = edit(Target::Whole(slot), Op::Rewrite(bytes.clone()), why, &codes);
    Some((Model::of(images, model.facts.clone()), edit))
}
