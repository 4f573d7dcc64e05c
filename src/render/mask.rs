//! Masks text of OpenClaw's files for display. By allow-list: only the values of fields that are
//! known to be harmless are shown; every other string is masked, whatever its name, and so is
//! every comment. Works on the text itself, so also on files that do not parse.

use crate::model::layout::is_secret_field;
use crate::secret::mask;

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
    "mode",
    "bind",
    "customBindHost",
    "transport",
    "trustedProxies",
    "url",
    "$include",
    "$schema",
    "lastTouchedVersion",
    "lastTouchedAt",
    "publicKeyPem",
    "identityKey",
    "allowedOrigins",
    "basePath",
    "version",
    "provider",
    "source",
];

/// `text` with every string that is not known to be harmless masked.
pub fn text(text: &str) -> String {
    Masker {
        rest: text,
        out: String::with_capacity(text.len()),
        key: None,
        outer: Vec::new(),
    }
    .run()
}

struct Masker<'a> {
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
                    let end = self.rest.find("*/").map_or(self.rest.len(), |at| at + 2);
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
        self.rest
            .get(end..)
            .is_some_and(|after| after.trim_start().starts_with(':'))
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
                self.out
                    .push_str(&format!("{quote}{}{quote}", mask(&content)));
                self.skip(whole);
            } else {
                self.take(whole);
            }
            return;
        }
        let shown = self.key.as_deref().is_some_and(|key| SHOWN.contains(&key)) && end.is_some();
        let content = if shown {
            without_credentials(&content)
        } else {
            mask(&content)
        };
        // A masked string that ran over several lines keeps them.
        let lines = if shown {
            0
        } else {
            body.get(..inner).unwrap_or_default().matches('\n').count()
        };
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
            self.key = Some(word);
            self.take(end);
            return;
        }
        // Bare values are numbers and a few words; anything else is a piece of broken text.
        let literal = matches!(
            word.as_str(),
            "true" | "false" | "null" | "Infinity" | "NaN"
        );
        let number = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && word
                .chars()
                .all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | '+' | '.' | 'x' | 'X'))
            && !self.key.as_deref().is_some_and(is_secret_field);
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
            Some("/*") => ("/*", if comment.ends_with("*/") { " */" } else { "" }),
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

/// A key or bare word that is long and mixed like a token. Device ids (64 hex digits) and request ids
/// (UUIDs) are not.
fn looks_secret(word: &str) -> bool {
    let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_known_id = word.len() == 64 || word.len() == 36;
    word.len() >= 24
        && word.chars().all(plain)
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(|c| c.is_ascii_alphabetic())
        && !(is_known_id && word.chars().all(is_hex))
}

/// A URL without the user, password and query in it.
pub fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (rest, query) = match rest.find(['?', '#']) {
        Some(at) => (rest.get(..at).unwrap_or_default(), "?****"),
        None => (rest, ""),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://****@{host}{path}{query}"),
        None => format!("{scheme}://{authority}{path}{query}"),
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
        assert_eq!(
            text("\"token\": \"abc\n\"next\": 1"),
            "\"token\": \"****\n\"next\": 1"
        );
        assert_eq!(
            text("// the password is hunter\n1 /* and\n more */ 2 /* open"),
            "// ****\n1 /* ****\n */ 2 /* ****"
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
