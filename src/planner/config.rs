//! Edits of the config: one value each, in the file that holds it.

use sha2::{Digest, Sha256};

use super::Options;
use crate::checks::config::wanted::{self, Choice};
use crate::checks::config::{file, replaced as aside};
use crate::config::copies::Copy;
use crate::image::{Bytes, FileState, Slot};
use crate::model::Model;
use crate::model::device::token_from;
use crate::plan::{Edit, Op, Target};
use crate::secret::Secret;

/// What has to be changed in the config.
pub(super) fn mend(model: &Model, options: &Options) -> Vec<Edit> {
    let choice = Choice {
        bind: options.bind,
        trust: options.trust_proxy.clone(),
        token: options.new_token.then(|| shared_token(&options.random)),
    };
    let Some((path, bytes)) = &options.config_from else {
        return edits(model, &choice);
    };
    let slot = Slot::Config(model.config.path.clone());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((with, edit)) = replaced(model, &slot, path, bytes, &name) else {
        return edits(model, &choice);
    };
    let mut all = vec![edit];
    all.extend(edits(&with, &choice));
    all
}

/// The model with a copy in the config's place, and the edit that puts it there. `None` where the
/// config is that already, is managed elsewhere, or the copy is no config.
fn replaced(
    model: &Model,
    slot: &Slot,
    path: &std::path::Path,
    bytes: &Bytes,
    name: &str,
) -> Option<(Model, Edit)> {
    let image = model.images.text(slot)?;
    let same = image.bytes().is_some_and(|now| now == bytes);
    let unusable = matches!(image.state, FileState::Unusable(_));
    let config = Copy::read("c", "c.bak", 0, bytes).is_some_and(|copy| copy.broken.is_none());
    if same
        || unusable
        || !config
        || model.config.fixed(&model.images, &model.config.path).is_some()
    {
        return None;
    }
    let mut images = model.images.clone();
    if let Some(image) = images.texts.get_mut(slot) {
        image.state = FileState::Present {
            bytes: bytes.clone(),
            meta: image.meta().copied().unwrap_or_default(),
        };
    }
    let edit = Edit {
        target: Target::Whole(slot.clone()),
        op: Op::Rewrite(bytes.clone()),
        why: format!("the copy {name} ({}) takes the config's place", crate::platform::shown(path)),
        mends: vec![
            file::MISSING.code,
            file::EMPTY.code,
            file::UNPARSABLE.code,
            aside::REPLACED.code,
        ],
    };
    Some((Model::of(images, model.facts.clone()), edit))
}

fn edits(model: &Model, choice: &Choice) -> Vec<Edit> {
    let wanted = wanted::all(model, choice);
    let edits = wanted.into_iter().filter_map(|wanted| {
        wanted.feasible(model).ok()?;
        let file = model.config.read()?.resolved.file(wanted.owner.file)?;
        Some(Edit {
            target: Target::Config(model.config.file_of(&wanted.owner)),
            op: Op::Set {
                old: wanted::at(&file.value, &wanted.owner.path).cloned(),
                path: wanted.owner.path,
                new: wanted.new,
            },
            why: wanted.why,
            mends: wanted.codes,
        })
    });
    edits.collect()
}

/// A shared token of its own: the random bytes are the device token's too.
fn shared_token(random: &[u8; 32]) -> Secret {
    let mut hash = Sha256::new();
    hash.update(b"gateway.auth.token");
    hash.update(random);
    token_from(&hash.finalize().into())
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
