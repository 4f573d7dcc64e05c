//! Masks text of OpenClaw's files for display, on the parser's own tokens: a value is shown where its
//! path from the root is known and it has the shape that belongs there. Everything else is masked, every
//! comment too. Where a config is no JSON5, its structure is shown, and what before the break has such a path.

use serde_json::Value;

use crate::format::Span;
use crate::format::json5::{self, KeyPath};
use crate::format::scan::{self, TokenKind};
use crate::model::layout::{Part, is_secret_field};
use crate::secret::mask;
use crate::secret::places::{self, is_known_key, shows_config_key, shows_key};
use crate::secret::shape::{Proves, Shape};
use crate::secret::structure::structure;

/// A whole config, with as many lines as before.
pub fn config(text: &str) -> String {
    match json5::parse(text.as_bytes()) {
        Ok(_) => Masker::of(text, &|_| false, Rules::Config).run(),
        Err(_) => json5::masked(text),
    }
}

/// A text of a store from its beginning, or from a member of it on with a `{` before: it may end early.
pub fn store(part: Part, text: &str, proves: Proves<'_>) -> String {
    Masker::of(text, proves, Rules::Store(part)).run()
}

/// A value that stands alone in a column, as JSON, by the field that the column holds.
pub fn field(field: &str, json: &str, proves: Proves<'_>) -> String {
    let mut masker = Masker::of(json, proves, Rules::Field);
    masker.way.key = Some(field.to_owned());
    masker.run()
}

/// A value at a path from its file's root, or of a record that is a row from the record's key on.
pub fn value(rules: Rules, path: &[&str], value: &Value, proves: Proves<'_>) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => {
            let fits = |shape: Shape| shape.fits(&number.to_string(), proves);
            if rules.shape(path).is_some_and(fits) { value.clone() } else { "****".into() }
        }
        Value::String(text) => match rules.shape(path) {
            Some(shape) => shape.show_proved(text, proves).into(),
            None => mask(text).into(),
        },
        Value::Array(items) => {
            items.iter().map(|item| self::value(rules, path, item, proves)).collect()
        }
        Value::Object(fields) => {
            let shown = fields.iter().map(|(name, field)| {
                let shown = if rules.shows(path, name, proves) { name.clone() } else { mask(name) };
                let path = [path, &[name.as_str()]].concat();
                (shown, self::value(rules, &path, field, proves))
            });
            Value::Object(shown.collect())
        }
    }
}

/// By which paths a text is shown.
#[derive(Clone, Copy)]
pub enum Rules {
    /// The keys of a config decide what is shown.
    Config,
    /// A file of a store, or a row of its table.
    Store(Part),
    /// A field's value alone.
    Field,
}

impl Rules {
    /// What may be shown at a path.
    fn shape(self, path: &[&str]) -> Option<Shape> {
        match self {
            Rules::Config => places::config(path),
            Rules::Field => places::record(path),
            Rules::Store(part) => places::record(record_path(part, path)?),
        }
    }

    /// Whether a key below a path may be shown: the records' own keys are ids, all others names of fields.
    fn shows(self, path: &[&str], name: &str, proves: Proves<'_>) -> bool {
        let inside = match self {
            Rules::Store(part) if is_keyed(part) && path.is_empty() => {
                let shape = match part {
                    Part::Paired => Shape::DeviceId,
                    _ => Shape::RequestId,
                };
                return part != Part::Bootstrap && shape.fits(name, proves);
            }
            Rules::Store(part) => record_path(part, path).unwrap_or_default(),
            Rules::Config | Rules::Field => path,
        };
        match inside {
            ["tokens"] => Shape::ROLE.fits(name, proves),
            inside if inside.iter().any(|key| is_secret_field(key)) => is_known_key(name),
            inside => match self {
                Rules::Config => shows_config_key(inside, name),
                _ => shows_key(name),
            },
        }
    }
}

struct Masker<'a> {
    text: &'a str,
    proves: Proves<'a>,
    rules: Rules,
    out: String,
    way: KeyPath,
}

impl<'a> Masker<'a> {
    fn of(text: &'a str, proves: Proves<'a>, rules: Rules) -> Self {
        let out = String::with_capacity(text.len());
        Self { text, proves, rules, out, way: KeyPath::default() }
    }

    fn run(mut self) -> String {
        let text = self.text;
        if let Err(end) = json5::walk(text, &mut |kind, at| self.token(kind, at)) {
            self.out.push_str(&structure(text.get(end..).unwrap_or_default(), &[]));
        }
        self.out
    }

    fn token(&mut self, kind: TokenKind, at: Span) {
        let raw = self.text.get(at.start..at.end).unwrap_or_default();
        let decoded = || scan::string(self.text.as_bytes(), at).unwrap_or_default().into_owned();
        match kind {
            TokenKind::Blank | TokenKind::Mark | TokenKind::Open | TokenKind::Close => {
                self.out.push_str(raw);
            }
            TokenKind::Comment => self.comment(raw),
            TokenKind::Key => {
                let name = decoded();
                self.way.key = None;
                let shown = if self.shows(&name) { name.clone() } else { mask(&name) };
                self.quoted(raw, &shown);
            }
            TokenKind::Text => {
                let text = decoded();
                let shape = self.shape();
                let shown = shape.map(|shape| shape.show_proved(&text, self.proves));
                self.quoted(raw, &shown.unwrap_or_else(|| mask(&text)));
            }
            TokenKind::Plain => {
                let is_literal = matches!(raw, "true" | "false" | "null");
                let fits = || self.shape().is_some_and(|shape| shape.fits(raw, self.proves));
                let shown = if is_literal || fits() { raw } else { "****" };
                self.out.push_str(shown);
            }
        }
        self.way.follow(self.text, kind, at);
    }

    fn shape(&self) -> Option<Shape> {
        self.rules.shape(&self.way.path())
    }

    fn shows(&self, name: &str) -> bool {
        self.rules.shows(&self.way.path(), name, self.proves)
    }

    /// In the quotes of the original, over as many lines.
    fn quoted(&mut self, raw: &str, shown: &str) {
        let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
        self.out.extend(quote);
        self.out.push_str(shown);
        self.lines(raw);
        self.out.extend(quote);
    }

    fn lines(&mut self, raw: &str) {
        self.out.extend(std::iter::repeat_n('\n', raw.matches('\n').count()));
    }

    /// A comment says anything, a password that was commented out too.
    fn comment(&mut self, raw: &str) {
        let is_block = raw.starts_with("/*");
        self.out.push_str(if is_block { "/* ****" } else { "// ****" });
        self.lines(raw);
        if is_block {
            self.out.push_str(" */");
        }
    }
}

/// Whether the part's file is an object of records.
pub fn is_keyed(part: Part) -> bool {
    matches!(part, Part::Paired | Part::Pending | Part::Bootstrap)
}

/// The path in the record; `None` where the whole record is a secret.
fn record_path<'p>(part: Part, path: &'p [&'p str]) -> Option<&'p [&'p str]> {
    match part {
        Part::Bootstrap | Part::OriginTokens => None,
        part if is_keyed(part) => path.get(1..),
        _ => Some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5";
    const KEY: &str = "cLopRPTMgn4f7TMuF2O4PzMcpMU_Y-jE9USqu4aDnco";

    fn paired(record: &str) -> String {
        let text = format!("{{\"{ID}\": {record}}}");
        let masked = store(Part::Paired, &text, &|id| id == ID);
        let inner = masked.strip_prefix(&format!("{{\"{ID}\": "));
        inner.and_then(|inner| inner.strip_suffix('}')).unwrap_or(&masked).to_owned()
    }

    #[test]
    fn known_fields_are_shown_and_all_others_are_not() {
        let shown = format!(
            r#"{{"deviceId": "{ID}", "publicKey": "{KEY}", "scopes": ["operator.read"], "ts": 1795535949417, "silent": false}}"#
        );
        assert_eq!(paired(&shown), shown);
        assert_eq!(
            paired(
                r#"{"tokens": {"operator": {"token": "0123456789abcdefXYZ", "scopes": ["operator.read"]}}, "note": "hush", "n": 4829}"#
            ),
            r#"{"tokens": {"operator": {"token": "****fXYZ", "scopes": ["operator.read"]}}, "note": "****", "n": ****}"#
        );
    }

    #[test]
    fn a_key_in_another_keys_place_is_not() {
        let private = "GaiN_tzPA_xixlRfZWn1oLqnZ1vX0qM3eF5s8k2hT4Y";
        for record in [
            format!(r#"{{"publicKey": "{private}"}}"#),
            format!(r#"{{"deviceId": "{private}"}}"#),
            format!(r#"{{"scopes": ["Bearer {private}"], "platform": "linux {private}"}}"#),
            format!(r#"{{"createdAtMs": "{private}", "tokens": {{"{private}": 1}}}}"#),
        ] {
            assert!(!paired(&record).contains(private), "{}", paired(&record));
        }
        assert_eq!(
            store(Part::Paired, &format!("{{\"{ID}\": 1}}"), &|_| false),
            "{\"****e8d5\": ****}"
        );
    }

    #[test]
    fn a_config_shows_by_the_whole_path() {
        assert_eq!(
            config(
                "{ password: 'x1', bind: 'lan', pin: 12, gateway: { bind: 'lan', port: 18789 } }"
            ),
            "{ password: '****', bind: '****', pin: ****, gateway: { bind: 'lan', port: 18789 } }"
        );
        assert_eq!(
            config("{ channels: { x: { gateway: { bind: 'lan' }, pin: 4829 } } }"),
            "{ channels: { x: { gateway: { bind: '****' }, pin: **** } } }"
        );
        assert_eq!(
            config(r#"{"secrets": [{"mode": "a"}, "b"], "gateway": {"mode": "local"}}"#),
            r#"{"secrets": [{"mode": "****"}, "****"], "gateway": {"mode": "local"}}"#
        );
    }

    #[test]
    fn keys_are_the_parsers_own() {
        for text in [
            "{ token /* x */ : 'hunter' }",
            "{ token\u{feff}: 'hunter' }",
            "{ \"tok\\u0065n\": 'hunter' }",
            "{ // a\r token: 'hunter' }",
            "{ gateway: { bind: 'hun\\\nter' } }",
            "{ gateway: { auth: { /* mode */ token: 'hunter' } } }",
        ] {
            let shown = config(text);
            assert!(!shown.contains("hunter") && !shown.contains("ter'"), "{shown}");
            assert!(shown.contains("****"), "{shown}");
        }
    }

    #[test]
    fn broken_text_shows_its_structure_alone() {
        for text in [
            "{ gateway: { mode: \"local\",\n \"password\" \"correct horse battery staple\" } }",
            "{ gateway: { mode: \"local\",\n password = \"correct horse battery staple\" } }",
            "{ gateway: { mode: \"local, password: \"correct horse\" battery staple } }",
            "{ gateway: { mode: correct horse battery staple // horse\n",
        ] {
            let shown = config(text);
            for word in ["correct", "horse", "battery", "staple"] {
                assert!(!shown.contains(word), "{shown}");
            }
            assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }
        let broken = "{\"x\": {\"token\": \"abc\n\"next\": 1, hunter";
        assert_eq!(
            store(Part::Pending, broken, &|_| false),
            "{\"x\": {\"token\": ****\n****: ****, ****"
        );
    }

    #[test]
    fn comments_keep_their_lines() {
        assert_eq!(
            config("// the password is hunter\n[1 /* and\n more */, /*/ pin: 482913 */ true]"),
            "// ****\n[**** /* ****\n */, /* **** */ true]"
        );
    }

    proptest! {
        #[test]
        fn a_canary_never_comes_through(
            key in "[a-z]{1,8}", before in "(?s).{0,30}",
            sign in prop_oneof![Just(":"), Just("="), Just(""), Just(" /* x */ :"), Just("\u{feff}:")],
            open in prop_oneof![Just("\""), Just("'"), Just("")],
            close in prop_oneof![Just("\""), Just("'"), Just("")],
            secret in prop_oneof![Just("hunterhunter"), Just("correct horse battery"), Just("48291377"), Just("4829"), Just("QkcAnArYtOkEnVrj1j258mhmci7lPFTO1eXB")],
        ) {
            let document = format!("{before}\n{{ gateway: {{ zz{key}{sign} {open}{secret}{close}, bind{sign} {open}{secret}{close} }} }}");
            for shown in [config(&document), store(Part::Paired, &document, &|_| true), store(Part::DeviceAuth, &document, &|_| true)] {
                for word in secret.split(' ') {
                    prop_assert!(!shown.contains(word), "{shown}");
                }
            }
        }

        #[test]
        fn keeps_the_number_of_lines(any in "(?s)[ -~\n\r/*\"'{}:,]{0,60}") {
            for shown in [config(&any), store(Part::Paired, &any, &|_| false)] {
                prop_assert_eq!(shown.matches('\n').count(), any.matches('\n').count());
            }
        }
    }
}
