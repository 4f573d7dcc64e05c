//! What of a value that somebody typed into the config may be shown. A secret lands in the wrong field easily,
//! so a value is shown only if it looks like what belongs there: a word, an address, a path, a URL. By
//! allow-list: whatever is not known to be harmless is masked whole.

use super::url::GatewayUrl;
use crate::secret::{looks_secret, mask};

/// The value, or a mask in its place.
pub fn shown(text: &str) -> String {
    url(text).unwrap_or_else(|| if is_plain(text) { text.to_owned() } else { mask(text) })
}

/// A path that a value of the config gives: a part of it that looks like a token is masked.
pub fn path(text: &str) -> String {
    let parts = text.split_inclusive(['/', '\\', '.']);
    let shown = parts.map(|part| {
        let word = part.trim_end_matches(['/', '\\', '.']);
        match looks_secret(word) {
            true => part.replacen(word, &mask(word), 1),
            false => part.to_owned(),
        }
    });
    shown.collect()
}

/// The URL without user, password and query. `None`: it is none.
fn url(text: &str) -> Option<String> {
    let text = text.trim();
    let parts = GatewayUrl::parse(text)?;
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => ("****@", host),
        None => ("", authority),
    };
    let in_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]%".contains(c);
    let is_host = host.chars().all(in_host) && !host.split('.').any(looks_secret);
    let is_scheme = parts.scheme.chars().all(|c| c.is_ascii_alphabetic()) && scheme.len() <= 8;
    if !is_host || !is_scheme {
        return None;
    }
    let (path, query) = match rest.find(['?', '#']) {
        Some(at) => (rest.get(..at).unwrap_or_default(), "?****"),
        None => (rest, ""),
    };
    let path = match path.split('/').all(is_plain) {
        true => path,
        false => "/****",
    };
    Some(format!("{scheme}://{user}{host}{path}{query}"))
}

/// A word, a number, an address, a file's path, a variable's name: short parts that are not letters and
/// digits mixed at length, as tokens and many passwords are.
pub fn is_plain(text: &str) -> bool {
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    // In a host's name or a path; what follows a colon may be a password.
    let mixed = match text.contains(['.', '/']) && !text.contains(':') {
        true => 12,
        false => 5,
    };
    let is_short = |part: &&str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        match digits {
            0 => part.len() <= 20,
            all if all == part.len() => all <= 5,
            _ => part.len() <= mixed,
        }
    };
    text.len() <= 80
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ._-:/*~[]${}%".contains(c))
        && parts.iter().all(is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_there_is_shown() {
        for text in [
            "local",
            "0.0.0.0",
            "0.0.0.0:18789",
            "::1",
            "fe80::1",
            "192.168.1.0/24",
            "${OPENCLAW_GATEWAY_BIND}",
            "trusted-proxy",
            "claw",
            "./parts/gateway.json5",
            "localhost:8080",
            "",
            "ws://127.0.0.1:18789",
            "wss://ip-10-0-0-1.example/ws",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("wss://u:p@claw.example/ws?token=x"), "wss://****@claw.example/ws?****");
    }

    #[test]
    fn a_token_is_no_part_of_a_path() {
        let plain = "/home/me/.openclaw/../parts/gateway-2024a1b2.json5";
        assert_eq!(path(plain), plain);
        assert_eq!(path("./sk-CANARY0123456789abcdefXYZ.json"), "./****fXYZ.json");
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not() {
        let secret = "Qk7cAnArYtOkEnVrj1_j258mhmci7lPFTO1eXBa4";
        for around in [
            "T",
            "user:T@host",
            "user:T@host:8443",
            "//user:T@host",
            "wss:/user:T@host",
            "wss//u:T@h",
            "wss;//u:T@h",
            "ssh u:T@h",
            "wss://u:p/T@h",
            "wss://u:T",
            "ws://[T",
            "wss://h/;token=T",
            "wss://h/x&token=T",
            "token=T",
            "T://h",
            "wss://u:T@h/T?T",
            "password T",
        ] {
            for hidden in [secret, "Sup3rS3cret", "hunter2!x"] {
                let text = around.replace('T', hidden);
                assert!(!shown(&text).contains(hidden), "{text}: {}", shown(&text));
            }
        }
        // What is short and stands where a host belongs is a host.
        assert!(!shown(&format!("wss://{secret}/x")).contains(secret));
    }
}
