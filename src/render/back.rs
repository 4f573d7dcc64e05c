//! What going back to a snapshot means to a person: what the CLI and other devices get or lose, which keys change.

use crate::checks::short_id;
use crate::image::Slot;
use crate::model::Model;
use crate::model::device::Device;
use crate::plan::{Changes, Target};
use crate::render::json;
use crate::secret::shape::Shape;
use crate::simulate::images_after;

/// How many lines of a kind are told one by one.
const TOLD: usize = 5;

/// A line for each thing that goes, comes or changes.
pub(super) fn lines(model: &Model, changes: &Changes) -> Vec<String> {
    let images = images_after(model.images.clone(), changes.clone());
    let after = Model::of(images, model.facts.clone());
    let mut out: Vec<String> = own(model, &after).into_iter().collect();
    let [now, then] = [model, &after];
    let is_own = |device: &Device| [now, then].iter().any(|it| it.local_id() == Some(&device.key));
    for (from, to, what) in [(now, then, "is no longer paired"), (then, now, "is paired again")] {
        let gone = |device: &Device| to.paired.record_of(&device.key).is_none() && !is_own(device);
        let gone = from.paired.devices().filter(gone);
        out.extend(capped(gone.map(|device| format!("{} {what}", device.name())).collect()));
    }
    for (from, to, what) in [(now, then, "goes"), (then, now, "comes back")] {
        let gone = from.pending.devices().filter(|one| to.pending.record_of(&one.key).is_none());
        let line =
            |one: Device| format!("request {} of {} {what}", short_id(from, &one.key), one.name());
        out.extend(capped(gone.map(line).collect()));
    }
    let keys = json::edits(model, changes, true).into_iter().filter_map(|edit| {
        let value = |value: &Option<serde_json::Value>| match value {
            Some(value) if value.is_object() || value.is_array() => "(several)".to_owned(),
            Some(value) => value.to_string(),
            None => "not set".to_owned(),
        };
        let key = edit.place.key.as_deref()?;
        let is_config = changes.edits.iter().any(|one| matches!(&one.target, Target::Whole(Slot::Config(path)) | Target::Config(path) if edit.place.file.as_deref() == Some(&crate::checks::config::name(model, path))));
        is_config.then(|| format!("{key}: {} -> {}", value(&edit.before), value(&edit.after)))
    });
    out.extend(capped(keys.collect()));
    out
}

fn capped(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(TOLD);
    lines.truncate(TOLD);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines
}

/// What this machine's CLI gets or loses.
fn own(model: &Model, after: &Model) -> Option<String> {
    let scopes =
        |model: &Model| model.local.as_ref().map(|device| device.baseline().1.items().to_vec());
    let beyond = |one: &[String], other: &[String]| {
        short_scopes(one.iter().filter(|scope| !other.contains(scope)))
    };
    match (scopes(model), scopes(after)) {
        (Some(_), None) => Some("This machine's CLI is no longer paired".to_owned()),
        (None, Some(then)) => {
            Some(format!("This machine's CLI is paired again, with {}", beyond(&then, &[])))
        }
        (Some(now), Some(then)) => match [beyond(&now, &then), beyond(&then, &now)] {
            [lost, got] if lost.is_empty() && got.is_empty() => None,
            [lost, got] if lost.is_empty() => Some(format!("This machine's CLI gets {got} again")),
            [lost, _] => Some(format!("This machine's CLI loses {lost}")),
        },
        (None, None) => None,
    }
}

/// `admin, read`: operator scopes as people say them.
pub(super) fn short_scopes<'s>(scopes: impl IntoIterator<Item = &'s String>) -> String {
    let short = scopes.into_iter().map(|scope| {
        let scope = Shape::Scope.show(scope);
        scope.strip_prefix("operator.").map_or(scope.clone(), str::to_owned)
    });
    short.collect::<Vec<_>>().join(", ")
}
