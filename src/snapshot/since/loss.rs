//! What of the values that were changed since a command is a loss, in words for a person.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Differing, Document, leaves};
use super::path_print;
use crate::format::json5;
use crate::format::value::at_path;
use crate::model::Model;
use crate::model::device::{Device, SETUP_CODE_TTL_MS, is_kept_by_gateway};
use crate::model::layout::Part;

impl Document {
    /// What of the values that were changed since is a loss, in words. Here `before` is what is there now.
    pub(super) fn lost(
        &self,
        model: &Model,
        differing: &Differing<'_>,
        known: Option<&BTreeMap<String, Option<String>>>,
    ) -> Vec<String> {
        let name = &self.name;
        let is_there = |field: &str| {
            differing.iter().any(|(path, (now, _))| {
                now.is_some() && path.last().is_some_and(|last| last == field)
            })
        };
        match self.part {
            None => self.settings(differing),
            Some(Part::Paired | Part::Pending | Part::Bootstrap) => {
                let ids: BTreeSet<_> = differing.keys().map(|path| path.first()).collect();
                let lost = ids.into_iter().filter_map(|id| match id {
                    Some(id) => self.record(model, id, differing, known),
                    None => Some("everything".to_owned()),
                });
                lost.map(|what| format!("{what} (`{name}`)")).collect()
            }
            // A cached token that the pairing store has too is a copy.
            Some(Part::DeviceAuth) if is_there("token") && !model.tokens_agree() => {
                vec![format!("the saved token of this machine was changed (`{name}`)")]
            }
            Some(Part::OriginTokens) if is_there("token") => {
                vec![format!("the saved token for a remote gateway was changed (`{name}`)")]
            }
            Some(Part::DeviceAuth | Part::OriginTokens) => Vec::new(),
            Some(Part::Identity | Part::NativeClaim | Part::DoctorClaim) => {
                let is_new =
                    ["deviceId", "publicKeyPem", "privateKeyPem"].into_iter().any(is_there);
                let says =
                    is_new.then(|| format!("this machine's identity was replaced (`{name}`)"));
                says.into_iter().collect()
            }
        }
    }

    /// The settings of a config: of a section that is new or gone its name alone.
    fn settings(&self, differing: &Differing<'_>) -> Vec<String> {
        let at = |side: &Option<Value>, path: &[String]| {
            let value = side.as_ref().and_then(|side| at_path(side, path));
            value.is_some_and(|value| !value.is_null())
        };
        // A config that cannot be parsed lacks nothing: which values the other one had before is not known.
        let are_whole = [&self.before, &self.after]
            .into_iter()
            .all(|side| side.as_ref().is_some_and(Value::is_object));
        let mut lost = BTreeSet::new();
        // `meta` and `wizard` are OpenClaw's own notes of when it wrote the file.
        let is_own =
            |path: &[String]| matches!(path.first().map(String::as_str), Some("meta" | "wizard"));
        for path in differing.keys().filter(|path| !is_own(path)) {
            if path.is_empty() {
                lost.insert(format!("`{}` was changed", self.name));
                continue;
            }
            let heads = (1..path.len()).filter_map(|end| path.get(..end));
            let missing = |head: &&[String]| !at(&self.before, head) || !at(&self.after, head);
            let head = heads.filter(|_| are_whole).find(missing).unwrap_or(path);
            let what = match (at(&self.before, head), at(&self.after, head)) {
                (true, false) if are_whole => "was added",
                (false, _) if are_whole => "was removed",
                _ => "was changed",
            };
            lost.insert(format!("`{}` {what} in `{}`", json5::path_text(head), self.name));
        }
        lost.into_iter().collect()
    }

    /// What is lost of one record of a store.
    fn record(
        &self,
        model: &Model,
        id: &str,
        differing: &Differing<'_>,
        known: Option<&BTreeMap<String, Option<String>>>,
    ) -> Option<String> {
        let record = |side: &'_ Option<Value>| side.as_ref().and_then(|side| side.get(id)).cloned();
        let (now, then) = (record(&self.before), record(&self.after));
        let device = now.as_ref().or(then.as_ref()).and_then(Value::as_object);
        let device = Device::of(id, device.unwrap_or(&Map::new()));
        let is_fresh = |asked: Option<i64>, ttl: i64| {
            asked.is_none_or(|asked| model.facts.now_ms.saturating_sub(asked) <= ttl)
        };
        let is_new = now.is_some() && then.is_none();
        match self.part {
            // A request that waited then, and one of this machine, comes again by itself.
            Some(Part::Pending) => {
                let is_own =
                    device.device_id.is_some() && device.device_id.as_deref() == model.local_id();
                let is_lost = is_new && !is_own && !device.expired(model.facts.now_ms);
                return is_lost.then(|| format!("{} asks to be paired", device.name()));
            }
            Some(Part::Bootstrap) => {
                let at = |field: &str| now.as_ref().or(then.as_ref())?.get(field)?.as_i64();
                let made = at("issuedAtMs").or_else(|| at("issued_at_ms"));
                if !is_fresh(made, SETUP_CODE_TTL_MS) {
                    return None;
                }
                return match (is_new, now.is_none()) {
                    (true, _) => Some("a setup code was made".to_owned()),
                    (_, true) => Some(
                        "a setup code was used or withdrawn, and would be valid again".to_owned(),
                    ),
                    (false, false) => None,
                };
            }
            _ => {}
        }
        let who = match model.local_id() == Some(id) {
            true => "this machine's CLI".to_owned(),
            // A row has only what was changed of it here.
            false => {
                let whole = model.paired.entry(id).and_then(|entry| model.paired.device(entry));
                whole.unwrap_or(device).name()
            }
        };
        let mut path = vec![id.to_owned()];
        let mut was_made = false;
        leaves(now.as_ref(), false, &mut path, &mut |path, _| {
            was_made |= known.is_some_and(|known| known.contains_key(&path_print(path)));
        });
        if is_new && !was_made {
            return Some(format!("{who} was paired"));
        }
        if now.is_none() {
            return Some(format!("{who} was removed, and would be paired again"));
        }
        let paths = differing.keys().filter(|path| path.first().is_some_and(|first| first == id));
        let paths: Vec<_> = paths.filter_map(|path| path.get(1..)).collect();
        // A gateway notes the role and the scopes of the last connect beside the lists that count (seen on 2026.3.24, 2026.4.8). Up to
        // 2026.4.2 `scopes` is itself the one that counts.
        let notes_scopes = model.by_release(|release| release.is_from("2026.4.3")) != Some(false);
        let is_a_note = |path: &[String]| {
            let [field] = path else { return false };
            let counts = match field.as_str() {
                "role" => "roles",
                "scopes" if notes_scopes => "approvedScopes",
                _ => return false,
            };
            // Where the record goes altogether, there is no list to come back.
            [&now, &then].into_iter().flatten().all(|record| record.get(counts).is_some())
                && !paths.iter().any(|path| path.first().is_some_and(|first| first == counts))
        };
        let paths = paths.iter().filter(|path| !is_kept_by_gateway(path) && !is_a_note(path));
        let changed: Vec<_> = paths.map(|path| format!("`{}`", json5::path_text(path))).collect();
        (!changed.is_empty()).then(|| format!("{who}: {} changed", changed.join(", ")))
    }
}
