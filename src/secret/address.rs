//! Addresses, URLs and paths, and the words that they and names are made of: how far each may be shown.

use std::net::IpAddr;

use super::mask;

/// The pages of a gateway.
const PAGES: &[&str] = &["ws", "gateway", "openclaw", "control", "ui", "chat", "webchat", "api"];

/// An IP address, alone, with a port or as a network.
pub(super) fn is_address(text: &str) -> bool {
    let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
    if is_ip(text) {
        return true;
    }
    if let Some((ip, bits)) = text.split_once('/') {
        return is_ip(ip) && bits.parse::<u8>().is_ok_and(|bits| bits <= 128);
    }
    text.parse::<std::net::SocketAddr>().is_ok()
}

/// A name that resolvers know: of one label it may be a word of any kind.
fn is_host(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if bare.parse::<IpAddr>().is_ok() || host == "localhost" {
        return true;
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.split('-').all(|part| {
                let digits = part.bytes().filter(u8::is_ascii_digit).count();
                let mixed = digits > 0 && digits < part.len();
                part.bytes().all(|b| b.is_ascii_alphanumeric())
                    && part.len() <= if mixed { 12 } else { 20 }
                    && (digits < part.len() || digits <= 4)
            })
    };
    let last_is_letters =
        labels.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_alphabetic()));
    labels.len() >= 2 && labels.len() <= 6 && last_is_letters && labels.iter().all(is_label)
}

/// The URL without user, password, query and what else may be a secret in it. `None`: it is none.
pub(super) fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let known = ["ws", "wss", "http", "https", "ssh"];
    if !known.iter().any(|word| word.eq_ignore_ascii_case(scheme)) {
        return None;
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let (user, address) = match authority.rsplit_once('@') {
        Some((_, address)) => ("****@", address),
        None => ("", authority),
    };
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) || host.is_empty() {
        return None;
    }
    let host = if is_host(host) { host } else { "****" };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let (path, query) = match rest.find(['?', '#', '\\']) {
        Some(at) => (rest.get(..at).unwrap_or_default(), "?****"),
        None => (rest, ""),
    };
    let path = match path.strip_prefix('/') {
        Some(inner) if !inner.is_empty() && !is_page(inner) => "/****",
        _ => path,
    };
    Some(format!("{scheme}://{user}{host}{port}{path}{query}"))
}

/// A page of OpenClaw's own.
pub(super) fn is_page(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    parts.len() <= 2 && parts.iter().all(|part| part.is_empty() || PAGES.contains(part))
}

/// `./parts/gateway-v2.json5`: folders and a name, each of a few words with a short number; what is none of that
/// is masked.
pub(super) fn file(path: &str) -> String {
    // `v16`, not `hunter2`.
    let is_version = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        (part.len() - letters.len()) <= 2
            && letters.len() <= 3
            && letters.bytes().all(|b| b.is_ascii_alphabetic())
    };
    let is_plain = |stem: &str| {
        let bare = stem.trim_start_matches('.');
        let parts: Vec<&str> = bare.split([' ', '-', '_', '.']).collect();
        let others = parts.iter().filter(|part| !is_word(part));
        bare == "~"
            || parts.len() <= 3
                && others.clone().count() <= 1
                && others.clone().all(|part| is_version(part))
    };
    // A word alone is a name without an ending, or a password in its place.
    if path.len() > 4 && !path.contains(['/', '\\', '.']) {
        return mask(path);
    }
    let parts = path.split_inclusive(['/', '\\']).map(|part| {
        let name = part.trim_end_matches(['/', '\\']);
        let ending = [".json5", ".json"].into_iter().find(|ending| name.ends_with(ending));
        let (stem, ending) = name.split_at(name.len() - ending.map_or(0, str::len));
        match is_plain(stem) {
            true => part.to_owned(),
            false => part.replacen(name, &format!("{}{ending}", mask(stem)), 1),
        }
    });
    parts.collect()
}

/// A word of a name. What changes its case more than twice is random, and what only `a` to `f` make is hex.
pub(super) fn is_word(word: &str) -> bool {
    if !word.is_ascii() {
        return word.chars().count() <= 24
            && word.chars().all(|c| {
                c.is_ascii_alphabetic() || !c.is_ascii() && !c.is_control() && !c.is_numeric()
            });
    }
    let bytes = word.as_bytes();
    let rises = bytes
        .windows(2)
        .filter(|two| matches!(two, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    (1..=14).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphabetic)
        && rises.count() <= 2
        && !(bytes.len() >= 8 && bytes.iter().all(u8::is_ascii_hexdigit))
}
