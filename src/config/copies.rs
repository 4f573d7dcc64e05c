//! Copies of a config that lie beside it, and which of them is the best to go back to.
//!
//! Owns their names (`.bak*`, `.last-good`, `.pre-update`, `.clobbered.*`) and the order. It judges
//! what it is given; listing and reading the folder is the caller's.
use super::differs::{Differences, sections};
use super::gateway::{has_meta, text};
use super::secretref::secret_ref;
use crate::format::json5::{self, SyntaxError};
use crate::secret::Secret;
use crate::secret::words::is_in;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Why a copy is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyKind {
    /// `.last-good`: a gateway has started with it.
    LastGood,
    /// `.bak` (0), `.bak.1` … `.bak.4`: what stood there before OpenClaw's last writes.
    Backup(u8),
    /// `.pre-update`: before OpenClaw was updated.
    PreUpdate,
    /// Another name that begins with `.bak`: made by hand or by a tool.
    Other,
    /// `.clobbered.*`: put aside by OpenClaw, which took it for damaged.
    Clobbered,
}

impl CopyKind {
    /// What `name` is to the config named `config`; `None` where it is no copy of it.
    pub fn of(config: &str, name: &str) -> Option<Self> {
        match name.strip_prefix(config)? {
            ".last-good" => Some(Self::LastGood),
            ".pre-update" => Some(Self::PreUpdate),
            ".bak" => Some(Self::Backup(0)),
            rest if rest.starts_with(".clobbered.") => Some(Self::Clobbered),
            rest => {
                let rest = rest.strip_prefix(".bak")?;
                match rest.strip_prefix('.').map(str::parse) {
                    Some(Ok(number @ 1..=4)) => Some(Self::Backup(number)),
                    _ => Some(Self::Other),
                }
            }
        }
    }

    /// How far it is to be trusted: 0 the most.
    fn standing(self) -> u8 {
        match self {
            Self::LastGood => 0,
            Self::Backup(_) => 1,
            Self::PreUpdate | Self::Other => 2,
            Self::Clobbered => 3,
        }
    }

    /// What it is, as findings and advice call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::LastGood => "a gateway has started with it",
            Self::Backup(0) => "the config before OpenClaw's last write",
            Self::Backup(_) => "an older config, from OpenClaw's ring of backups",
            Self::PreUpdate => "the config before an update of OpenClaw",
            Self::Other => "a copy made by hand or by a tool",
            Self::Clobbered => "moved away by OpenClaw, which took it for damaged",
        }
    }
}

/// A copy, as far as it matters for the choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigCopy {
    /// The file's name, without its folder.
    pub name: String,
    /// Why it is there.
    pub kind: CopyKind,
    /// When it was last written, in milliseconds since 1970.
    pub mtime_ms: i64,
    /// Its size in bytes.
    pub size: u64,
    /// Where it breaks, if it does not parse.
    pub broken: Option<SyntaxError>,
    /// It is an object with a `gateway` section.
    pub has_gateway: bool,
    /// It says whether this is a gateway's host (`gateway.mode`).
    pub has_mode: bool,
    /// It holds OpenClaw's stamp in `meta`.
    pub has_meta: bool,
    /// What it sets: the root's keys, and those of `gateway`, except OpenClaw's own `meta`.
    pub sections: Vec<String>,
    /// Its `gateway.auth.token`, where that is a text.
    pub token: Option<Secret>,
    /// What changes where it takes the place of a config that does not parse; `None`: not known.
    pub changes: Option<Differences>,
    /// Masks stand in it where secrets were: OpenClaw itself never goes back to such a copy.
    pub is_redacted: bool,
}

impl ConfigCopy {
    /// Looks into a copy; `None` where `name` is no copy of the config named `config`.
    pub fn read(config: &str, name: &str, mtime_ms: i64, bytes: &[u8]) -> Option<Self> {
        let kind = CopyKind::of(config, name)?;
        let parsed = json5::parse(bytes);
        let value = parsed.as_ref().ok().cloned().unwrap_or_default();
        let gateway = value.get("gateway");
        Some(Self {
            name: name.to_owned(),
            kind,
            mtime_ms,
            size: bytes.len() as u64,
            broken: parsed.err(),
            has_gateway: gateway.is_some_and(Value::is_object),
            has_mode: gateway.and_then(|gateway| gateway.get("mode")).is_some_and(Value::is_string),
            has_meta: has_meta(&value),
            sections: sections(&value),
            token: value
                .pointer("/gateway/auth/token")
                .filter(|token| secret_ref(token).is_none())
                .and_then(text)
                .map(Secret::new),
            changes: None,
            is_redacted: is_redacted(&value, false),
        })
    }

    /// Whether OpenClaw could run on it.
    pub fn is_usable(&self) -> bool {
        self.broken.is_none() && self.has_gateway && !self.is_redacted
    }

    /// What speaks for and against it, in words.
    pub fn reasons(&self) -> Vec<String> {
        let kind = self.kind.words();
        if let Some(error) = &self.broken {
            return vec![kind.to_owned(), format!("has a syntax error ({error})")];
        }
        let gateway = match (self.has_gateway, self.has_mode) {
            (true, true) => "has a gateway section with a mode",
            (true, false) => "has a gateway section without a mode",
            (false, _) => "has no gateway section",
        };
        let masked = self.is_redacted.then_some("its secrets are masked");
        let bare = (!self.has_meta).then_some("has no `meta`, so OpenClaw may replace it");
        let reasons = [kind, "parses", gateway].into_iter().chain(masked).chain(bare);
        reasons.map(str::to_owned).collect()
    }
}

/// Whether a mask stands where a secret was, by OpenClaw's own rule (`io.observe-recovery.ts`).
fn is_redacted(value: &Value, below_secret: bool) -> bool {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let cut = text.contains("...") || text.contains('…');
            matches!(text, "***" | "[redacted]") || (below_secret && cut)
        }
        Value::Array(items) => items.iter().any(|item| is_redacted(item, below_secret)),
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| is_redacted(value, below_secret || is_secret_key(key))),
        _ => false,
    }
}

fn is_secret_key(key: &str) -> bool {
    let key: String = key.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    let words = "apikey auth bearer credential password privatekey secret token";
    is_in(words, &key.to_ascii_lowercase())
}

/// Which of the files named `names` to read, `most` of them: each kind of copy in turn, the newest of a
/// kind first, so that a hundred of one kind hide none of another. With them comes when each was
/// last written.
pub fn choose(config: &str, names: Vec<(String, i64)>, most: usize) -> Vec<(String, i64)> {
    let mut by_kind: BTreeMap<u8, Vec<(String, i64)>> = BTreeMap::new();
    for (name, mtime_ms) in names {
        if let Some(kind) = CopyKind::of(config, &name) {
            by_kind.entry(kind.standing()).or_default().push((name, mtime_ms));
        }
    }
    let mut turns: Vec<(usize, u8, (String, i64))> = Vec::new();
    for (standing, mut all) in by_kind {
        all.sort_by_key(|(name, mtime_ms)| (Reverse(*mtime_ms), name.clone()));
        turns.extend(all.into_iter().enumerate().map(|(turn, copy)| (turn, standing, copy)));
    }
    turns.sort();
    turns.into_iter().map(|(_, _, copy)| copy).take(most).collect()
}

/// The copies, the best first. The first one is to be offered if it is usable.
pub fn rank(mut copies: Vec<ConfigCopy>) -> Vec<ConfigCopy> {
    let largest = copies
        .iter()
        .filter(|copy| copy.is_usable())
        .map(|copy| copy.size)
        .max()
        .unwrap_or_default();
    copies.sort_by_key(|copy| {
        let shrunk = copy.size < largest / 2;
        (
            !copy.is_usable(),
            copy.broken.is_some(),
            !copy.has_mode,
            shrunk || !copy.has_meta,
            copy.kind.standing(),
            Reverse(copy.mtime_ms),
            copy.kind,
            copy.name.clone(),
        )
    });
    copies
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str =
        "{meta: {lastTouchedAt: ''}, gateway: {mode: 'local', port: 18789}, agents: {a: 'b'}}";

    fn copy(suffix: &str, mtime_ms: i64, text: &str) -> ConfigCopy {
        let name = format!("openclaw.json{suffix}");
        ConfigCopy::read("openclaw.json", &name, mtime_ms, text.as_bytes()).unwrap()
    }

    fn order(copies: Vec<ConfigCopy>) -> Vec<String> {
        let names = rank(copies).into_iter();
        names.map(|copy| copy.name.replace("openclaw.json", "")).collect()
    }

    #[test]
    fn names_tell_what_a_copy_is() {
        let kind = |name: &str| CopyKind::of("openclaw.json", name);
        assert_eq!(kind("openclaw.json.last-good"), Some(CopyKind::LastGood));
        assert_eq!(kind("openclaw.json.bak"), Some(CopyKind::Backup(0)));
        assert_eq!(kind("openclaw.json.bak.3"), Some(CopyKind::Backup(3)));
        assert_eq!(kind("openclaw.json.bak.1772352289"), Some(CopyKind::Other));
        assert_eq!(kind("openclaw.json.bak-mine"), Some(CopyKind::Other));
        assert_eq!(
            kind("openclaw.json.clobbered.2026-01-01T00-00-00-000Z"),
            Some(CopyKind::Clobbered)
        );
        assert_eq!(kind("openclaw.json"), None);
        assert_eq!(kind("openclaw.json.tmp"), None);
        assert_eq!(kind("other.json.bak"), None);
    }

    #[test]
    fn a_copy_that_a_gateway_started_with_is_best_then_the_newest_backup() {
        let copies = vec![
            copy(".clobbered.x", 9, WHOLE),
            copy(".bak.2", 1, WHOLE),
            copy(".bak", 3, WHOLE),
            copy(".bak.mine", 8, WHOLE),
            copy(".last-good", 2, WHOLE),
        ];
        assert_eq!(order(copies), [".last-good", ".bak", ".bak.2", ".bak.mine", ".clobbered.x"]);
    }

    #[test]
    fn what_is_broken_shrunk_or_without_a_gateway_comes_last() {
        let copies = vec![
            copy(".last-good", 9, "{a: "),
            copy(".bak", 8, "{meta: {lastTouchedAt: ''}, gateway: {mode: 'local'}}"),
            copy(".bak.1", 7, "{meta: {lastTouchedAt: ''}, agents: {}}"),
            copy(
                ".bak.2",
                6,
                "{meta: {lastTouchedAt: ''}, gateway: {port: 1}, agents: {a: 'bbbbbbbbbb'}}",
            ),
            copy(".bak.3", 5, "{gateway: {mode: 'local', port: 18789}, agents: {a: 'b'}}"),
            copy(
                ".bak.4",
                4,
                &WHOLE.replace(
                    "'b'",
                    "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'",
                ),
            ),
        ];
        let ranked = rank(copies);
        let names: Vec<_> = ranked.iter().map(|copy| copy.kind).collect();
        assert_eq!(names[0], CopyKind::Backup(4));
        assert_eq!(names[3], CopyKind::Backup(2));
        assert!(!ranked[4].is_usable() && !ranked[5].is_usable());
        assert_eq!(
            ranked[5].reasons(),
            [
                "a gateway has started with it",
                "has a syntax error (line 1, column 5: expected a value, but the file ends)"
            ]
        );
        let masked = copy(".bak", 1, &WHOLE.replace("'b'", "'***'"));
        assert!(!masked.is_usable());
        assert_eq!(
            ranked[0].reasons().join(", "),
            "an older config, from OpenClaw's ring of backups, parses, has a gateway section with a mode"
        );
    }
}
