//! Masks text of OpenClaw's files for display. By allow-list: only the values of fields that are
//! known to be harmless are shown; every other string is masked, whatever its name, and so is
//! every comment. Works on the text itself, so also on files that do not parse.

use crate::config::shown::shown as shown_value;
use crate::model::layout::is_secret_field;
use crate::secret::{looks_secret, mask};

/// Fields whose string values may be shown. Everything else is masked.
const SHOWN: &[&str] = &[
    "deviceId",
    "requestId",
    "publicKey",
    "displayName",
    "operatorLabel",
    "platform",
    "deviceFamily",
    "clientId",
    "clientMode",
    "browserOrigin",
    "role",
    "roles",
    "scopes",
    "approvedScopes",
    "remoteIp",
    "approvedVia",
    "lastSeenReason",
    "lastTouchedVersion",
    "lastTouchedAt",
    "publicKeyPem",
    "identityKey",
    "version",
];

/// Those of them that look like a secret and are none.
const KEYS: &[&str] = &["publicKey", "publicKeyPem", "identityKey"];

/// Fields of the config whose values may be shown as far as they look like what belongs there.
const CONFIG: &[&str] = &[
    "mode",
    "bind",
    "customBindHost",
    "transport",
    "trustedProxies",
    "url",
    "$include",
    "$schema",
    "allowedOrigins",
    "basePath",
    "provider",
    "source",
];

/// A number of more digits is shown only where a time belongs: it may be a PIN.
const PORT_DIGITS: usize = 5;

/// `text` of a store's file with every string that is not known to be harmless masked.
pub fn text(text: &str) -> String {
    masked(text, false)
}

/// The same of a config, where each value is shown only as far as it looks like what belongs there.
pub fn config(text: &str) -> String {
    masked(text, true)
}

fn masked(text: &str, config: bool) -> String {
    Masker {
        config,
        rest: text,
        out: String::with_capacity(text.len()),
        key: None,
        outer: Vec::new(),
    }
    .run()
}

struct Masker<'a> {
    config: bool,
    rest: &'a str,
    out: String,
    key: Option<String>,
    outer: Vec<Option<String>>,
}

impl Masker<'_> {
    fn run(mut self) -> String {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '"' | '\'' => self.string(c),
                '/' if self.rest.starts_with("//") => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.comment(end);
                }
                '/' if self.rest.starts_with("/*") => {
                    // `/*/` opens one and does not close it.
                    let body = self.rest.get(2..).unwrap_or_default();
                    let end = body.find("*/").map_or(self.rest.len(), |at| at + 4);
                    self.comment(end);
                }
                '{' | '[' => {
                    self.outer.push(self.key.clone());
                    if c == '{' {
                        self.key = None;
                    }
                    self.take(1);
                }
                '}' | ']' => {
                    self.key = self.outer.pop().flatten();
                    self.take(1);
                }
                c if c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '+' | '.') => self.word(),
                c => self.take(c.len_utf8()),
            }
        }
        self.out
    }

    fn take(&mut self, bytes: usize) {
        let (now, later) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.out.push_str(now);
        self.rest = later;
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn is_key(&self, end: usize) -> bool {
        self.rest.get(end..).is_some_and(|after| after.trim_start().starts_with(':'))
    }

    fn is_in_a_secret(&self) -> bool {
        let keys = self.outer.iter().chain(std::iter::once(&self.key));
        keys.flatten().any(|key| is_secret_field(key))
    }

    fn is_time(&self) -> bool {
        let names_a_time = |key: &str| key == "ts" || key.ends_with("Ms") || key.ends_with("At");
        self.key.as_deref().is_some_and(names_a_time)
    }

    fn string(&mut self, quote: char) {
        let body = self.rest.get(1..).unwrap_or_default();
        let mut escaped = false;
        let mut end = None;
        for (at, c) in body.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => {
                    end = Some(at);
                    break;
                }
                '\n' => break,
                _ => {}
            }
        }
        // An open string in broken text: masked up to the end of its line.
        let (inner, whole) = match end {
            Some(at) => (at, at + 2),
            None => {
                let line = body.find('\n').unwrap_or(body.len());
                (line, line + 1)
            }
        };
        let content = body.get(..inner).unwrap_or_default().to_owned();
        if end.is_some() && self.is_key(whole) {
            self.key = Some(content.clone());
            // A key may itself be a secret (bootstrap.json is keyed by token).
            if looks_secret(&content) {
                self.out.push_str(&format!("{quote}{}{quote}", mask(&content)));
                self.skip(whole);
            } else {
                self.take(whole);
            }
            return;
        }
        let key = self.key.as_deref().filter(|_| end.is_some());
        let shown = key.is_some_and(|key| SHOWN.contains(&key) || CONFIG.contains(&key));
        let content = match key {
            Some(key) if CONFIG.contains(&key) || shown && self.config => shown_value(&content),
            Some(key)
                if shown
                    && (KEYS.contains(&key) || !looks_secret(&content))
                    && !content.contains("PRIVATE KEY") =>
            {
                content
            }
            _ => mask(&content),
        };
        // A masked string that ran over several lines keeps them.
        let lines =
            if shown { 0 } else { body.get(..inner).unwrap_or_default().matches('\n').count() };
        self.out.push(quote);
        self.out.push_str(&content);
        self.out.extend(std::iter::repeat_n('\n', lines));
        if end.is_some() {
            self.out.push(quote);
        }
        self.skip(whole);
    }

    fn word(&mut self) {
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '+' | '.')))
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default().to_owned();
        if self.is_key(end) {
            if looks_secret(&word) {
                self.out.push_str(&mask(&word));
                self.skip(end);
            } else {
                self.take(end);
            }
            self.key = Some(word);
            return;
        }
        // Bare values are numbers and a few words; anything else is a piece of broken text.
        let literal = matches!(word.as_str(), "true" | "false" | "null" | "Infinity" | "NaN");
        let number = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && word
                .chars()
                .all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | '+' | '.' | 'x' | 'X'))
            && !self.is_in_a_secret()
            && (self.is_time()
                || word.chars().filter(char::is_ascii_alphanumeric).count() <= PORT_DIGITS);
        if literal || number && !looks_secret(&word) {
            self.take(end);
        } else {
            self.out.push_str("****");
            self.skip(end);
        }
    }

    fn comment(&mut self, end: usize) {
        // A comment says anything, a password that was commented out too: it is shown as one, no more.
        let comment = self.rest.get(..end).unwrap_or_default();
        let lines = comment.matches('\n').count();
        let (open, close) = match comment.get(..2) {
            Some("/*") if comment.len() > 3 && comment.ends_with("*/") => ("/*", " */"),
            Some("/*") => ("/*", ""),
            _ => ("//", ""),
        };
        self.out.push_str(open);
        self.out.push_str(" ****");
        // As many lines as before, so that a diff lines up.
        self.out.push_str(&"\n".repeat(lines));
        self.out.push_str(close);
        self.skip(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_fields_are_shown_and_all_others_are_not() {
        assert_eq!(
            text(
                r#"{"deviceId": "ab", "tokens": {"operator": {"token": "0123456789abcdefXYZ", "scopes": ["operator.read"]}}, "note": "hush"}"#
            ),
            r#"{"deviceId": "ab", "tokens": {"operator": {"token": "****fXYZ", "scopes": ["operator.read"]}}, "note": "****"}"#
        );
    }

    #[test]
    fn json5_and_broken_text_are_masked_too() {
        assert_eq!(
            text("{ password: 'x1', bind: 'lan', pin: 12, apiKey: 12 }"),
            "{ password: '****', bind: 'lan', pin: 12, apiKey: **** }"
        );
        assert_eq!(text("\"token\": \"abc\n\"next\": 1"), "\"token\": \"****\n\"next\": 1");
        assert_eq!(
            text("// the password is hunter\n1 /* and\n more */ 2 /* open"),
            "// ****\n1 /* ****\n */ 2 /* ****"
        );
    }

    #[test]
    fn a_comment_is_not_closed_by_its_own_beginning() {
        assert_eq!(text("{ /*/ pin: 482913 */ a: 1 }"), "{ /* **** */ a: 1 }");
        assert_eq!(text("{ a: 1 /*/"), "{ a: 1 /* ****");
    }

    #[test]
    fn a_key_or_a_known_field_that_holds_a_token_is_masked() {
        assert_eq!(
            text("{ Qk7c0aB4Qk7c0aB4Qk7c0aB4: {}, clientId: 'sk0123456789abcdefXYZabcd' }"),
            "{ ****0aB4: {}, clientId: '****abcd' }"
        );
    }

    #[test]
    fn long_numbers_are_shown_where_times_belong_and_nothing_is_inside_a_secret() {
        assert_eq!(
            text("{ ts: 1795535949417, createdAtMs: 1795535949417, port: 18789, pin: 48291377 }"),
            "{ ts: 1795535949417, createdAtMs: 1795535949417, port: 18789, pin: **** }"
        );
        assert_eq!(text("{ token: { v: 314 } }"), "{ token: { v: **** } }");
    }

    #[test]
    fn in_a_config_a_known_field_has_to_look_like_one() {
        assert_eq!(
            config(
                "{ publicKey: 'sk-CANARY0123456789abcdefXYZ', role: 'operator', mode: 'local' }"
            ),
            "{ publicKey: '****fXYZ', role: 'operator', mode: 'local' }"
        );
    }

    #[test]
    fn a_value_after_a_closed_object_belongs_to_the_outer_key() {
        assert_eq!(
            text(r#"{"secrets": [{"mode": "a"}, "b"], "mode": "c"}"#),
            r#"{"secrets": [{"mode": "a"}, "****"], "mode": "c"}"#
        );
    }

    #[test]
    fn urls_lose_their_credentials() {
        assert_eq!(
            text(r#"{"url": "wss://user:pass@host:1/p?token=x"}"#),
            r#"{"url": "wss://****@host:1/p?****"}"#
        );
    }

    proptest! {
        #[test]
        fn a_canary_in_an_unknown_field_never_comes_through(key in "[a-z]{1,8}", before in ".{0,30}", quote in prop_oneof![Just('"'), Just('\'')]) {
            let key = format!("zz{key}");
            let document = format!("{before}\n{{ {key}: {quote}CANARY-SECRET{quote} }}");
            // What stands before may open a string or comment that runs to the end of its line, or further for a block comment.
            prop_assume!(!before.contains("/*"));
            prop_assert!(!text(&document).contains("CANARY-SECRET"), "{}", text(&document));
        }

        #[test]
        fn keeps_the_number_of_lines(any in "(?s).{0,200}") {
            prop_assert_eq!(text(&any).matches('\n').count(), any.matches('\n').count());
        }
    }
}
