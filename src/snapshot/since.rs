//! What has changed since a command, by its meaning: what OpenClaw keeps by itself while it runs is no loss.
//!
//! A snapshot's manifest keeps the values that its command set as hashes, each by the hash of its path. What
//! differs from the snapshot and is none of these was changed since.

mod document;
mod loss;

use std::path::Path;

use serde_json::Value;

use super::after::{self, Fields, Rows};
use super::manifest::Manifest;
use crate::files::hash;
use crate::image::Meta;
use crate::model::Model;
use crate::plan::{After, Changes, FileChange};
use crate::secret::shown;
use crate::store::json::key_of;
use document::Document;

/// Where a command sets more values than these in one file or table, they are not kept one by one.
const MOST_FIELDS: usize = 4096;
/// A text of so many bytes is no word or number that could be found by trying.
const LONG: usize = 32;

/// What has changed since a command, of that which the way back to before it would undo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// What would be lost, each in words.
    pub lost: Vec<String>,
    /// Whether something that OpenClaw keeps by itself goes back too: times of use, requests.
    pub goes_back: bool,
}

fn path_print(path: &[String]) -> String {
    hash::of(Value::from(path).to_string().as_bytes())
}

fn value_print(value: &Value) -> String {
    hash::of(value.to_string().as_bytes())
}

/// Whether the hash of a setting gives it away to somebody who tries the likely ones: a short secret. Of those no hash is kept,
/// and undo takes each for changed.
fn is_guessable(path: &[String], value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| is_guessable(path, item)),
        Value::Object(members) => members.values().any(|member| is_guessable(path, member)),
        Value::String(text) => text.len() < LONG && shown::text(path, text) != *text,
        other => shown::value(path, other) != *other.to_string(),
    }
}

/// What `changes` set, value by value.
pub(super) fn fields(changes: &Changes, state_dir: &Path, model: Option<&Model>) -> Fields {
    let mut fields = Fields::new();
    for document in Document::all(changes, state_dir, model) {
        let differing = document.differing();
        if differing.len() <= MOST_FIELDS {
            let is_kept = |path: &[String], after: Option<&Value>| {
                document.part.is_some() || !after.is_some_and(|after| is_guessable(path, after))
            };
            let kept = differing.iter().filter(|(path, (_, after))| is_kept(path, *after));
            let set = kept.map(|(path, (_, after))| (path_print(path), after.map(value_print)));
            let set = set.collect();
            fields.insert(document.name, set);
        }
    }
    for change in &changes.files {
        let set = other_rights(change).zip(fields.get_mut(&key_of(state_dir, &change.before.path)));
        if let Some(((_, rights), fields)) = set {
            fields.insert(RIGHTS.to_owned(), Some(rights));
        }
    }
    fields
}

/// Mode and owner of a file stand under this name among the values that a command set.
const RIGHTS: &str = "rights";

/// Mode and owner of a file, and those that a change gives it, where they are others.
fn other_rights(change: &FileChange) -> Option<(String, String)> {
    let After::Whole { meta: Some(then), .. } = &change.after else { return None };
    // As a way back compares them.
    let text = |meta: &Meta| format!("{:04o} {}:{}", meta.mode & 0o664, meta.uid, meta.gid);
    let (now, then) = (text(change.before.state.meta()?), text(then));
    (now != then).then_some((now, then))
}

/// What has changed since the command that took a snapshot: what the way `back` to it would undo besides what
/// that command did. Nothing for a snapshot that no command was to follow.
pub fn changed_since(manifest: &Manifest, model: &Model, back: &Changes) -> Since {
    let mut since = Since::default();
    let Some(after) = &manifest.after else { return since };
    let state_dir = &model.facts.state_dir;
    let rows = Rows::of(after, &model.images, &back.rows);
    for document in Document::all(back, state_dir, Some(model)) {
        let of_file =
            |change: &&FileChange| key_of(state_dir, &change.before.path) == document.name;
        let file = back.files.iter().find(of_file);
        let known = manifest.fields.get(&document.name);
        if let Some((now, then)) = file.and_then(other_rights)
            && known.and_then(|known| known.get(RIGHTS)) != Some(&Some(now.clone()))
        {
            // OpenClaw writes its files anew, for their owner alone.
            match now.strip_prefix("0600").is_some_and(|owner| then.ends_with(owner)) {
                true => since.goes_back = true,
                false => {
                    let text = format!("the mode or the owner of `{}` was changed", document.name);
                    since.lost.push(text);
                }
            }
        }
        let is_as_left = match file {
            Some(change) => after::file_holds(after, &document.name, change),
            None => {
                let mut of_table = back.rows.iter().filter(|row| row.part.table() == document.name);
                of_table.all(|row| rows.hold(row))
            }
        };
        if is_as_left {
            continue;
        }
        let was_set = after.files.contains_key(&document.name)
            || after.rows.iter().any(|row| row.table == document.name);
        // Broken since, or too much was changed to keep each value; an earlier clawmend kept none.
        if document.before.is_none() || was_set && known.is_none() {
            since.lost.push(format!("`{}` was changed", document.name));
            continue;
        }
        let mut differing = document.differing();
        differing.retain(|path, (now, _)| {
            let set = known.and_then(|known| known.get(&path_print(path)));
            set != Some(&now.map(value_print))
        });
        let lost = document.lost(model, &differing, known);
        since.goes_back |= lost.is_empty() && !differing.is_empty();
        let has_comments = |change: &FileChange| {
            let now = change.before.bytes().map_or(&[][..], |bytes| bytes.as_slice());
            serde_json::from_slice::<serde::de::IgnoredAny>(now).is_err()
                && change.pieces().is_none_or(|then| then.concat() != now)
        };
        // OpenClaw itself writes no comments.
        if document.part.is_none() && lost.is_empty() && file.is_some_and(has_comments) {
            since
                .lost
                .push(format!("the comments or the layout of `{}` were changed", document.name));
        }
        since.lost.extend(lost);
    }
    since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Bytes, FileState, Slot, TextImage};
    use crate::plan::After;

    #[test]
    fn no_hash_is_kept_of_a_secret_that_can_be_guessed() {
        let path = std::path::PathBuf::from("/s/openclaw.json");
        let long = "0123456789abcdef0123456789abcdef";
        let text = format!(
            "{{ pin: 4829, gateway: {{ bind: 'lan', port: 18789, auth: {{ password: 'hunter2', token: '{long}' }}, \
             trustedProxies: ['127.0.0.1'], tailscale: {{ mode: 'off' }} }} }}"
        );
        let change = FileChange {
            slot: Slot::Config(path.clone()),
            before: TextImage { path, state: FileState::Absent },
            after: After::Whole { bytes: Bytes::new(text.into_bytes()), meta: None },
        };
        let changes = Changes { files: vec![change], ..Changes::default() };
        let fields = fields(&changes, Path::new("/s"), None);
        let kept = fields.get("openclaw.json").unwrap();
        let has = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
            kept.contains_key(&path_print(&path))
        };
        assert!(!has(&["pin"]) && !has(&["gateway", "auth", "password"]), "{kept:?}");
        for path in [&["auth", "token"][..], &["bind"], &["port"], &["trustedProxies"]] {
            assert!(has(&[&["gateway"], path].concat()), "{path:?}");
        }
    }
}
