//! Reads records out of a store file that is not JSON any more: cut, damaged, or written twice.
//!
//! A record is a member of the top-level object that names itself: its `deviceId` (paired) or
//! `requestId` (pending) equals its key. Which members are top-level is the question here. A record
//! holds text and objects that another device chose, and one lost or stray brace moves all that follows
//! a level up or down: what is only *probably* a record would let a stranger write a device into the
//! store. So a record counts only where its place is certain:
//!
//! 1. **The text is laid out, a member on each line** (as OpenClaw writes it). A line break cannot stand
//!    inside a JSON string, so the margin of a line tells its depth whatever happened elsewhere. A record
//!    begins on a line with one step of margin and ends at the next `}` on such a line. It counts if its
//!    own text is JSON and *each* of its lines has the margin of its depth: so neither an object from
//!    further in nor a record with a lost or stray bracket passes, and damage costs only the records it hits.
//! 2. **The text has no such lines.** Then only the way from the start tells the depth. Records that
//!    closed before the first fault count, if the fault came while the top-level object was open: a stray
//!    closing brace closes that one too early and is found after it, and then nothing is certain. The
//!    last record before the fault counts only if it cannot be an effect of the same fault (a lost closing
//!    brace ends at the end of the text, a lost quote turns what was text into structure: then the next
//!    "key" is none).
//! 3. **The text without such lines is a whole object and then blank** (a disk that lost power leaves zeros):
//!    its members count. With anything else behind it, a lost opening brace and a cut look the same.
//!
//! Of several documents in one file the last counts: what only an earlier one held was removed since.
//! What stands behind a finished document without being one is the rest of an older, longer file, and
//! counts as little. Of two records with one key the later counts, as `JSON.parse` has it; where that
//! later one is damaged, neither does, for the earlier may have rights that were taken away since.
//!
//! A record is taken over in its own bytes or not at all: never with fewer fields, never with more. What broke the
//! file may also have hit a field that limits rights, and left the record JSON. So one is set aside that has a field
//! whose name is nearly that of such a field, or whose `scopes` may be more than what an owner had approved. A lost
//! `revokedAtMs` leaves no JSON: releases write it as the last field of its token (2026.1.30 to 2026.7.35).

mod margins;

use std::collections::{HashMap, HashSet};

use margins::{Layout, lines};
use serde_json::Value;
use strsim::osa_distance;

use super::Span;
use super::scan::{self, Member, ScanError};
use crate::secret::places::is_known_key;

/// A record that was read out of a broken store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The id that it is stored under.
    pub key: String,
    /// Where its key and its text stand.
    pub place: Member,
}

/// What a broken store still says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvage {
    /// The whole records, in the order of the text.
    pub whole: Vec<Whole>,
    /// Ids that the rest of the text names: damaged records, or ones that cannot be placed for certain.
    pub aside: Vec<String>,
}

/// What can be read out of `text`. `id_field` is the field that must equal the key.
pub fn records(text: &[u8], id_field: &str) -> Salvage {
    records_up_to(text, id_field, usize::MAX).unwrap_or_default()
}

/// As [`records`], if there are no more than `limit` whole records.
///
/// # Errors
/// How many there are, each counted as often as it stands there.
pub fn records_up_to(text: &[u8], id_field: &str, limit: usize) -> Result<Salvage, usize> {
    let layout = Layout::of(text);
    let members: Vec<Member> = last_document(text, &layout)
        .into_iter()
        .filter(|member| names_itself(text, *member, id_field))
        .collect();
    if members.len() > limit {
        return Err(members.len());
    }
    let mut seen = HashSet::with_capacity(members.len());
    let mut whole: Vec<Whole> = members
        .iter()
        .rev()
        .filter_map(|place| {
            let key = scan::string(text, place.key)?.into_owned();
            seen.insert(key.clone()).then_some(Whole { key, place: *place })
        })
        .collect();
    whole.reverse();
    let gaps = gaps(text, &members);
    let named = last_named(text, id_field, &layout, &gaps, &seen);
    whole.retain(|whole| named.get(&whole.key).is_none_or(|at| *at < whole.place.key.start));
    let (whole, doubtful): (Vec<_>, Vec<_>) = whole.into_iter().partition(|whole| {
        let record = whole.place.value;
        !(has_spoilt_limit(text, record)
            || id_field == "deviceId" && may_be_unapproved(text, record))
    });
    let kept: HashSet<&str> = whole.iter().map(|whole| whole.key.as_str()).collect();
    let mut aside = named_in(text, id_field, &layout, &gaps);
    aside.extend(doubtful.into_iter().map(|whole| whole.key));
    aside.retain(|name| !kept.contains(name.as_str()));
    Ok(Salvage { whole, aside })
}

/// The members of the last document that are placed for certain.
fn last_document(text: &[u8], layout: &Layout) -> Vec<Member> {
    let mut edges = layout.edges.iter().copied().peekable();
    let mut at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    loop {
        while edges.next_if(|edge| *edge <= at).is_some() {}
        let edge = edges.peek().copied().unwrap_or(text.len());
        let document = text.get(..edge).unwrap_or(text);
        let start = scan::skip_space(document, at);
        let mut members = Vec::new();
        let span = Span { start, end: document.len() };
        let end = scan::for_each_member(document, span, |member| members.push(member));
        let rest = end.unwrap_or(edge);
        if let Some(next) = next_document(text, rest) {
            at = next;
            continue;
        }
        let is_blank =
            |rest: &[u8]| rest.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace());
        return match end {
            _ if layout.lays_out(document, at) => layout.records(document, at),
            Ok(end) if text.get(end..).is_some_and(is_blank) => members,
            Ok(_) => Vec::new(),
            Err(error) => {
                let is_odd = |member: &Member| !is_id_at(document, member.key.start);
                if let Some(odd) = members.iter().position(is_odd) {
                    members.truncate(odd.saturating_sub(1));
                } else if !last_is_certain(document, members.last(), error) {
                    members.pop();
                }
                members
            }
        };
    }
}

/// Where the document starts that follows at `at`, if one does.
fn next_document(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let start =
        at + rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0))?;
    let inner = scan::skip_space(text, start + 1);
    // A lone stray brace is no document.
    (text.get(start) == Some(&b'{') && matches!(text.get(inner), Some(b'"' | b'}')))
        .then_some(start)
}

/// Whether the last member before a fault is what it was before the damage.
fn last_is_certain(text: &[u8], last: Option<&Member>, error: ScanError) -> bool {
    let Some(rest) = last.and_then(|last| text.get(last.value.end..)) else { return true };
    // Without a comma its closing brace may be one of the top, or a comma of its own that was flipped.
    if rest.trim_ascii_start().first() != Some(&b',') {
        return false;
    }
    match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        None => error.offset >= text.len(),
        Some(quote) => is_id_at(rest, quote),
    }
}

/// Whether a string starts here that can be a key. A quote that was lost further up makes strings of what
/// stands between the true ones, and these begin with a bracket, a comma, a colon or white space.
fn is_id_at(text: &[u8], quote: usize) -> bool {
    text.get(quote) == Some(&b'"') && text.get(quote + 1).is_none_or(u8::is_ascii_alphanumeric)
}

/// The fields that limit what a record gives.
const LIMITS: [&str; 6] = ["approvedScopes", "revokedAtMs", "scopes", "roles", "role", "issuer"];

/// Whether a field's name in a record, or further in, is nearly that of a limit and none of OpenClaw's own.
fn has_spoilt_limit(text: &[u8], record: Span) -> bool {
    let is_spoilt = |name: &str| {
        let near = |limit: &str| {
            // One letter lost or flipped; in a long name another one too.
            osa_distance(name, limit) <= if limit.len() > 6 { 2 } else { 1 }
        };
        name.len() <= 16 && !is_known_key(name) && LIMITS.into_iter().any(near)
    };
    let mut found = false;
    let _ = scan::for_each_member(text, record, |member| {
        found |= scan::string(text, member.key).is_some_and(|name| is_spoilt(&name))
            || scan::kind(text, member.value) == scan::ValueKind::Object
                && has_spoilt_limit(text, member.value);
    });
    found
}

/// Whether a paired record has no `approvedScopes`, and `scopes` that none of its tokens was given: without that list
/// a gateway takes `scopes`, which may be what was only asked for.
fn may_be_unapproved(text: &[u8], record: Span) -> bool {
    let field = |name: &str| Some(scan::member(text, record, name)?.value.of(text));
    let (None, Some(scopes)) = (field("approvedScopes"), field("scopes")) else { return false };
    let tokens: Value =
        field("tokens").and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
    let tokens = tokens.as_object().into_iter().flat_map(|tokens| tokens.values());
    let given: HashSet<&Value> =
        tokens.filter_map(|token| token.get("scopes")?.as_array()).flatten().collect();
    let scopes: Result<Vec<Value>, _> = serde_json::from_slice(scopes);
    scopes.map_or(true, |scopes| scopes.iter().any(|scope| !given.contains(scope)))
}

fn names_itself(text: &[u8], member: Member, id_field: &str) -> bool {
    scan::kind(text, member.value) == scan::ValueKind::Object
        && scan::member(text, member.value, id_field)
            .and_then(|id| scan::string(text, id.value))
            .is_some_and(|id| scan::key_is(text, member.key, &id))
}

/// What stands outside of `members`.
fn gaps(text: &[u8], members: &[Member]) -> Vec<Span> {
    let starts = std::iter::once(0).chain(members.iter().map(|member| member.value.end));
    let ends = members.iter().map(|member| member.key.start).chain([text.len()]);
    starts.zip(ends).map(|(start, end)| Span { start, end }).collect()
}

/// Where the gaps last name each of `keys` in a way that may be a record of that key.
fn last_named(
    text: &[u8],
    id_field: &str,
    layout: &Layout,
    gaps: &[Span],
    keys: &HashSet<String>,
) -> HashMap<String, usize> {
    let mut last = HashMap::new();
    let mut add = |at: usize, name: Option<&str>| {
        if let Some(name) = name.filter(|name| keys.contains(*name)) {
            last.insert(name.to_owned(), at);
        }
    };
    for gap in gaps {
        let text = text.get(..gap.end).unwrap_or_default();
        if !layout.has_lines {
            // Nothing tells keys from values here: what stands between any two quotes.
            let mut before = None;
            for quote in memchr::memchr_iter(b'"', gap.of(text)).map(|at| gap.start + at) {
                if let Some(start) = before.replace(quote) {
                    add(start, scan::string(text, Span { start, end: quote + 1 }).as_deref());
                }
            }
            continue;
        }
        for (start, line) in lines(text, gap.start) {
            let Some(inner) = layout.in_step(line) else { continue };
            let at = start + layout.step.len();
            match layout.in_step(inner) {
                None => add(at, string_at(text, at).as_deref()),
                Some(field) if field.starts_with(b"\"") => {
                    let at = at + layout.step.len();
                    let end = scan::value_end(text, at).unwrap_or(at);
                    let colon = scan::skip_space(text, end);
                    if scan::key_is(text, Span { start: at, end }, id_field) {
                        let value = scan::skip_space(text, colon + 1);
                        add(at, string_at(text, value).as_deref());
                    }
                }
                Some(_) => {}
            }
        }
    }
    last
}

/// The ids that the gaps name: as the keys of lines, and as `id_field`. What does not look like an id
/// is not repeated: it may be anything.
fn named_in(text: &[u8], id_field: &str, layout: &Layout, gaps: &[Span]) -> Vec<String> {
    let field = format!("\"{id_field}\"");
    let mut quotes = Vec::new();
    for gap in gaps {
        let text = text.get(..gap.end).unwrap_or_default();
        for (start, line) in lines(text, gap.start).filter(|_| layout.has_lines) {
            if layout.in_step(line).is_some_and(|inner| inner.starts_with(b"\"")) {
                quotes.push(start + layout.step.len());
            }
        }
        for found in memchr::memmem::find_iter(gap.of(text), &field) {
            let colon = scan::skip_space(text, gap.start + found + field.len());
            if text.get(colon) == Some(&b':') {
                quotes.push(scan::skip_space(text, colon + 1));
            }
        }
    }
    quotes.sort_unstable();
    let mut seen = HashSet::new();
    let looks_like_one = |name: &String| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    quotes
        .into_iter()
        .filter_map(|quote| string_at(text, quote))
        .filter(|name| looks_like_one(name) && seen.insert(name.clone()))
        .collect()
}

/// The string that starts at `quote`.
fn string_at(text: &[u8], quote: usize) -> Option<String> {
    if text.get(quote) != Some(&b'"') {
        return None;
    }
    let end = scan::value_end(text, quote).ok()?;
    Some(scan::string(text, Span { start: quote, end })?.into_owned())
}

/// The store made of the whole records alone, each in its own bytes.
pub fn rebuilt(text: &[u8], records: &[Whole]) -> Vec<u8> {
    if records.is_empty() {
        return b"{}".to_vec();
    }
    let mut out = b"{".to_vec();
    for (at, whole) in records.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\n  " } else { b",\n  " });
        out.extend_from_slice(serde_json::Value::String(whole.key.clone()).to_string().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(whole.place.value.of(text));
    }
    out.extend_from_slice(b"\n}");
    out
}

#[cfg(test)]
#[path = "salvage_tests.rs"]
mod tests;
