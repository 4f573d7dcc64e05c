//! The preview in a person's words: what is done, and where.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use serde_json::Value;

use super::back;
use super::findings::View;
use super::wrap;
use crate::checks::config::name;
use crate::checks::short_id;
use crate::config::model::AuthKind;
use crate::image::Slot;
use crate::model::layout::Part;
use crate::model::{Model, place_of};
use crate::plan::{Changes, Edit, Op, StoreKind, Target};
use crate::secret::mask;
use crate::secret::shape::Shape;
use crate::text::{count, safe};

/// What an edit touches, in a word or two.
fn subject(edit: &Edit) -> String {
    match &edit.op {
        Op::Set { path, .. } if path.is_empty() => "the record".to_owned(),
        Op::Set { path, .. } => path.join("."),
        Op::Unset { path, .. } => format!("{} (removed)", path.join(".")),
        Op::Insert(_) => "a new record".to_owned(),
        Op::Remove => match &edit.target {
            Target::Record { part: Part::Pending, key, .. } => {
                format!("{} (removed)", Shape::RequestId.show(key))
            }
            Target::Record { key, .. } => format!("{} (removed)", mask(key)),
            _ => "removed".to_owned(),
        },
        Op::Rewrite(_) => "the whole file".to_owned(),
        Op::Delete => "the file (removed)".to_owned(),
    }
}

/// The file or table in which an edit is made.
fn place(model: &Model, edit: &Edit) -> String {
    let place = match &edit.target {
        Target::Record { store, part, .. } => place_of(*store, *part),
        Target::Whole(Slot::File(part)) => place_of(StoreKind::Files, *part),
        Target::Whole(Slot::Table(part)) => place_of(StoreKind::Sqlite, *part),
        Target::Whole(Slot::Config(path)) | Target::Config(path) => name(model, path).into(),
    };
    match (&place.file, &place.key) {
        (Some(file), Some(table)) => format!("{file} ({table})"),
        _ => place.to_string(),
    }
}

/// `3 files`, `2 rows of the database`, or both.
pub fn places(changes: &Changes) -> String {
    let rows = changes.rows.len();
    let files = count(changes.files.len(), "file", "files");
    let files = Some(files).filter(|_| rows == 0 || !changes.files.is_empty());
    let rows = (rows > 0).then(|| count(rows, "row of the database", "rows of the database"));
    files.into_iter().chain(rows).collect::<Vec<_>>().join(" and ")
}

/// What changes do, grouped as a person thinks of it: a line for each thing that is done. A way back is one.
pub fn lines(model: &Model, changes: &Changes, is_back: bool) -> Vec<String> {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    let id = own_id(model, &changes.edits);
    let (own, rest): (Vec<&Edit>, Vec<&Edit>) =
        changes.edits.iter().partition(|edit| !is_back && is_own(id, edit));
    if let Some(line) = granted(&own) {
        told.push((line, own.iter().map(|edit| place(model, edit)).collect()));
    } else {
        told.extend(own.iter().map(|edit| (plain(edit), vec![place(model, edit)])));
    }
    let mut places_of: HashMap<String, usize> = HashMap::new();
    for (at, (line, _)) in told.iter().enumerate() {
        places_of.entry(line.clone()).or_insert(at);
    }
    for edit in rest {
        let line = match is_back {
            true => capital(&edit.why),
            false if given(edit).is_some() => capital(&edit.why),
            false => request_of(model, edit).unwrap_or_else(|| plain(edit)),
        };
        let at = *places_of.entry(line.clone()).or_insert(told.len());
        match told.get_mut(at) {
            Some((_, places)) => places.push(place(model, edit)),
            None => told.push((line, vec![place(model, edit)])),
        }
    }
    let each = told.into_iter().map(|(line, mut names)| {
        let number = names.len();
        names.dedup();
        let more = if number > names.len() { format!(" ({number} places)") } else { String::new() };
        safe(&format!("{line}: {}{more}", names.join(", ")))
    });
    let back = if is_back { back::lines(model, changes) } else { Vec::new() };
    let ended = ended(model, &changes.edits).into_iter();
    back.iter().map(|line| safe(line)).chain(each).chain(ended.map(|line| safe(&line))).collect()
}

/// What would change: each thing that is done, with `-v` each edit too.
pub fn summary(model: &Model, changes: &Changes, is_back: bool, view: View<'_>) -> String {
    let head = wrap(&format!("What would change, in {}:", places(changes)), view.width, "", "  ");
    let mut out = format!("{}\n", view.paint.bold(&head));
    for line in lines(model, changes, is_back) {
        let _ = writeln!(out, "{}", wrap(&line, view.width, "  - ", "    "));
    }
    if view.verbose {
        let _ = writeln!(out, "\nEach edit and its reason:");
        for edit in &changes.edits {
            let text = format!("{}: {}: {}", place(model, edit), subject(edit), edit.why);
            let _ = writeln!(out, "{}", wrap(&safe(&text), view.width, "  - ", "    "));
        }
    }
    out
}

/// The sessions that end by these edits: tokens that were made under the shared secret die with it (2026.8.2,
/// 2026.9.6).
pub fn ended(model: &Model, edits: &[Edit]) -> Option<String> {
    let is_behind_proxy = model.config.auth_kind() == AuthKind::Proxy;
    let ends = edits.iter().any(|edit| match &edit.op {
        Op::Set { path, .. } if matches!(edit.target, Target::Config(_)) => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            match path.as_slice() {
                ["gateway", "auth", ..] => true,
                ["gateway", "trustedProxies", ..] => is_behind_proxy,
                _ => false,
            }
        }
        _ => false,
    });
    if !ends {
        return None;
    }
    let hangs = |device: &crate::model::device::Device| {
        let is_other = device.device_id.as_deref() != model.local_id();
        is_other && device.operator.as_ref().is_some_and(|token| token.has_issuer && !token.revoked)
    };
    let devices: Vec<String> =
        model.paired.devices().filter(hangs).map(|device| device.name()).collect();
    (!devices.is_empty()).then(|| {
        let one = count(devices.len(), "session ends", "sessions end");
        format!("{one}, and must log in again: {}", devices.join(", "))
    })
}

/// An edit in words of its own.
fn plain(edit: &Edit) -> String {
    let path = |path: &[String]| crate::format::json5::path_text(path);
    let is_config = matches!(edit.target, Target::Config(_));
    match &edit.op {
        Op::Set { path: at, new, .. } if is_config => {
            let new = crate::secret::shown::value(at, new);
            format!("Set {} to {new} ({})", path(at), edit.why)
        }
        Op::Set { .. } => format!("Change {} ({})", subject(edit), edit.why),
        Op::Unset { path, .. } => format!("Remove {} ({})", path.join("."), edit.why),
        Op::Insert(_) | Op::Rewrite(_) | Op::Delete | Op::Remove => capital(&edit.why),
    }
}

/// A sentence from a reason; a key or a name at its start stays as it is.
pub fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if !first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The paired device that an edit is about, where it gives it something.
fn given(edit: &Edit) -> Option<&str> {
    match &edit.target {
        Target::Record { part: Part::Paired, key, .. }
            if !matches!(edit.op, Op::Remove | Op::Delete) =>
        {
            Some(key)
        }
        _ => None,
    }
}

/// This machine's device as it is afterwards: where the identity is written too, the one that is paired with it.
fn own_id<'m>(model: &'m Model, edits: &'m [Edit]) -> Option<&'m str> {
    let is_identity = |edit: &&Edit| {
        matches!(
            edit.target,
            Target::Record { part: Part::Identity, .. }
                | Target::Whole(Slot::File(Part::Identity) | Slot::Table(Part::Identity))
        )
    };
    let paired = edits.iter().find(is_identity).and_then(|_| edits.iter().find_map(given));
    paired.or_else(|| model.local_id())
}

/// Whether an edit opens a place of this machine's own CLI: its record or its saved token.
fn is_own(id: Option<&str>, edit: &Edit) -> bool {
    match &edit.target {
        Target::Record { part: Part::DeviceAuth, key, .. } => {
            Some(key.as_str()) == id && !matches!(edit.op, Op::Remove | Op::Delete)
        }
        _ => id.is_some() && given(edit) == id,
    }
}

/// What this machine's CLI gets, where it gets scopes, a token or a record.
fn granted(edits: &[&Edit]) -> Option<String> {
    let mut scopes: Vec<String> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut add = |new: &Value, old: Option<&Value>| {
        let texts = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let had: HashSet<String> = old.map(texts).into_iter().flatten().collect();
        for scope in texts(new) {
            if !had.contains(&scope) && seen.insert(scope.clone()) {
                scopes.push(scope);
            }
        }
    };
    let (mut token, mut record, mut others) = (false, false, false);
    for edit in edits {
        match &edit.op {
            Op::Set { path, old, new } => match path.last().map(String::as_str) {
                Some("scopes" | "approvedScopes") => add(new, old.as_ref()),
                Some("token") => token = true,
                Some(_) if path.first().is_some_and(|first| first == "tokens") => {}
                _ => others = true,
            },
            Op::Insert(fields) => {
                record = true;
                if let Some(new) = fields.get("scopes") {
                    add(new, None);
                }
            }
            _ => others = true,
        }
    }
    let short = back::short_scopes(&scopes);
    let what = match (record, short.is_empty(), token) {
        (true, true, _) => "Pair this machine's CLI".to_owned(),
        (true, false, _) => format!("Pair this machine's CLI, with {}", short),
        (false, false, true) => {
            format!("Give this machine's CLI {}, and a new token", short)
        }
        (false, false, false) => format!("Give this machine's CLI {}", short),
        (false, true, true) => "Give this machine's CLI a new token".to_owned(),
        (false, true, false) => return None,
    };
    Some(if others { format!("{what}, and correct its record") } else { what })
}

/// The removal of a request, by whose it is.
fn request_of(model: &Model, edit: &Edit) -> Option<String> {
    let Target::Record { part: Part::Pending, key, .. } = &edit.target else { return None };
    if !matches!(edit.op, Op::Remove) {
        return None;
    }
    let short = short_id(model, key);
    let device = model.pending.device(model.pending.entry(key)?)?;
    let expired = if device.expired(model.facts.now_ms) { "expired " } else { "" };
    Some(match device.device_id.as_deref() == model.local_id() {
        true => format!("Remove its {expired}request {short}"),
        false => format!("Remove the {expired}request {short} of {}", device.name()),
    })
}
