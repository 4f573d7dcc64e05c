//! The shapes that a foreign text has to have, whole, to be shown: one grammar for each kind of field.
//!
//! The rule for ids and keys: a `deviceId` is shown where it is the SHA-256 of a public key that was
//! read beside it, a `publicKey` where its SHA-256 is such an id. Sixty-four hex digits alone may be a
//! gateway's token, and 43 characters of base64url a private key; neither is shown then.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use strsim::osa_distance;

use super::address::{file, is_address, is_page, url};
use super::words::{CLIENTS, MACHINES, Pattern, SYSTEMS, is_in};
use super::{mask, name};

/// Which device ids are the hash of a public key in the state at hand.
pub type Proves<'a> = &'a dyn Fn(&str) -> bool;

/// What belongs into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A device id: shown where it is the hash of a public key in the state at hand.
    DeviceId,
    /// A device's public key, base64url.
    PublicKey,
    /// The id of a request: a UUID, or a few letters and digits.
    RequestId,
    /// A name that people or systems give.
    Name,
    /// An operating system or device, perhaps with its version.
    Platform,
    /// OpenClaw's name of a client.
    Client,
    /// One of these words, spelled as here.
    Word(&'static [&'static str]),
    /// One of these words, or one that people write in its place.
    Near(&'static [&'static str]),
    /// One of these words, or a number where there are none; and what people write there by mistake.
    Setting(&'static [String]),
    /// `gateway.bind`: one of its words, or an address.
    Bind,
    /// `operator.read`.
    Scope,
    /// `2026.9.1-beta.1`.
    Version,
    /// `2026-05-28T10:00:00.000Z`.
    Date,
    /// Milliseconds since 1970, of this century.
    Time,
    /// A port.
    Port,
    /// An address, a network, perhaps with a port.
    Address,
    /// A URL; user, password, path and query are masked.
    Url,
    /// The path of an included file.
    File,
    /// The path of a page: up to two words.
    Page,
    /// The name of an environment variable.
    Variable,
}

/// Roles of a device.
pub const ROLES: &[&str] = &["operator", "node"];

const MODES: &[&str] = &["cli", "ui", "webchat", "backend", "node", "probe", "test"];
/// A UUID, or what early releases had: `r1`, `req42`.
static REQUEST_ID: Pattern =
    Pattern::new("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[a-z]{1,3}[0-9]{0,3}");
static SCOPE: Pattern = Pattern::new(r"(?:operator|node)(?:\.[a-z]{1,16}){1,3}");
static VERSION: Pattern = Pattern::new(
    r"20[0-9]{2}(?:\.[0-9]{1,2}){2}(?:-(?:[0-9]{1,3}|alpha|beta|rc|dev|next|canary|nightly)(?:\.(?:[0-9]{1,3}|alpha|beta|rc|dev|next|canary|nightly))*)?",
);
/// A number as people write one where a number belongs: `70000`, `-1`, `18789x`, `1,5`, `10 min`.
static NUMBER: Pattern = Pattern::new(
    r"[+-]?[0-9]{1,6}(?:[.,_ ][0-9]{1,3})? ?(?:[A-Za-z]{0,2}|sec|min|hour|hours|days)",
);
static DATE: Pattern =
    Pattern::new(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]{1,3})?Z?");
/// The number of a system's version.
static NUMBERS: Pattern = Pattern::new(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}");

impl Shape {
    /// The modes of a client.
    pub const CLIENT_MODE: Shape = Shape::Word(MODES);
    /// The roles of a device.
    pub const ROLE: Shape = Shape::Word(ROLES);

    /// The text as far as it has this shape, or a mask in its place. No id is proved here.
    pub fn show(self, text: &str) -> String {
        self.show_proved(text, &|_| false)
    }

    /// As [`Shape::show`], with the ids that are known to be the hash of a public key.
    pub fn show_proved(self, text: &str, proves: Proves<'_>) -> String {
        let shown = match self {
            // Nothing hides behind nothing.
            _ if text.trim().is_empty() => Some(text.to_owned()),
            Shape::Name => name::shown(text),
            Shape::Url => url(text),
            Shape::File => Some(file(text)),
            _ => self.fits(text, proves).then(|| text.to_owned()),
        };
        shown.unwrap_or_else(|| mask(text))
    }

    /// Whether the whole text has this shape.
    pub fn fits(self, text: &str, proves: Proves<'_>) -> bool {
        match self {
            Shape::DeviceId => is_hash(text) && proves(text),
            Shape::PublicKey => id_of_key(text).is_some_and(|id| proves(&id)),
            Shape::RequestId => REQUEST_ID.fits(text),
            Shape::Name => name::shown(text).is_some_and(|shown| shown == text),
            Shape::Platform => is_platform(text),
            Shape::Client => is_client(text),
            Shape::Word(words) => words.contains(&text),
            Shape::Near(words) => is_near(text, words) || is_slip(text),
            Shape::Setting([]) | Shape::Port => NUMBER.fits(text.trim()) || is_slip(text),
            Shape::Setting(words) => is_near(text, words) || is_slip(text),
            Shape::Bind => is_near(text, BINDS) || is_address(text) || is_slip(text),
            Shape::Scope => SCOPE.fits(text),
            Shape::Version => VERSION.fits(text),
            Shape::Date => DATE.fits(text),
            Shape::Time => is_time(text),
            Shape::Address => is_address(text) || is_in(SLIPS, &text.to_ascii_lowercase()),
            Shape::Url => url(text).is_some_and(|shown| shown == text),
            Shape::File => file(text) == text,
            Shape::Page => text.strip_prefix('/').is_some_and(is_page),
            Shape::Variable => is_variable(text),
        }
    }
}

const BINDS: &[&str] =
    &["loopback", "lan", "tailnet", "auto", "custom", "local", "localhost", "*", "[::1]", "[::]"];

/// Roles and scopes as they may be shown.
pub fn shown_list(items: &[String]) -> Vec<String> {
    let show = |item: &String| match Shape::ROLE.show(item) {
        role if role == *item => role,
        _ => Shape::Scope.show(item),
    };
    items.iter().map(show).collect()
}

/// The device id that a public key in base64url stands for: the SHA-256 of its 32 bytes, in hex.
pub fn id_of_key(public_key: &str) -> Option<String> {
    let raw = URL_SAFE_NO_PAD.decode(public_key).ok().filter(|raw| raw.len() == 32)?;
    Some(hex(&Sha256::digest(raw)))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    // Every device's key is hashed and compared at each reading: no formatting machinery here.
    let digit =
        |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_platform(text: &str) -> bool {
    let plain = text.to_ascii_lowercase();
    let mut words = plain.split(' ');
    let is_system = words.next().is_some_and(|word| is_in(SYSTEMS, word));
    let rest: Vec<&str> = words.collect();
    let is_version = |word: &&str| is_in(MACHINES, word) || NUMBERS.fits(word);
    is_system && rest.len() <= 2 && rest.iter().all(is_version)
}

fn is_client(text: &str) -> bool {
    let product =
        ["openclaw-", "clawdbot-", "moltbot-"].iter().find_map(|own| text.strip_prefix(own));
    let is_part =
        |part: &str| is_in("control ui tui probe test node host app", part) || is_in(SYSTEMS, part);
    is_in(CLIENTS, text) || product.is_some_and(|rest| rest.split('-').all(is_part))
}

/// Words that people put in the place of a setting's own.
const SLIPS: &str = "\
    always basic bearer caddy client cloud cloudflare cluster daemon default development digest \
    disable disabled docker enable enabled external gateway haproxy internal internet localhost \
    manual master network never nginx production private proxy public server service standalone \
    standard tailscale traefik undefined wireguard";

/// Whether this is a word by mistake where only a number or a known word belongs: no secret is that short or that plain.
pub fn is_slip(text: &str) -> bool {
    let plain = text.trim();
    let is_short = plain.len() <= 4 && plain.bytes().all(|b| b.is_ascii_alphabetic());
    is_short || is_in(SLIPS, &plain.to_ascii_lowercase())
}

/// Whether a word is one of these, or nearly spelled so.
pub fn is_near<W: AsRef<str>>(text: &str, words: &[W]) -> bool {
    let plain = text.trim().to_ascii_lowercase();
    words.iter().map(AsRef::as_ref).any(|word| {
        let slips = if word.len() >= 6 { 2 } else { usize::from(word.len() >= 4) };
        plain == word || text.len() <= 12 && osa_distance(&plain, word) <= slips
    })
}

/// From 2001 to 2100; zero says that there is none.
fn is_time(text: &str) -> bool {
    let in_range = |time: u64| time == 0 || (978_307_200_000..4_102_444_800_000).contains(&time);
    text.parse::<u64>().is_ok_and(|time| in_range(time) && time.to_string() == text)
}

/// `OPENCLAW_GATEWAY_TOKEN`: words with underscores between them, at most two digits in each.
fn is_variable(text: &str) -> bool {
    let is_part = |part: &str| {
        part.len() <= 16
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && part.bytes().filter(u8::is_ascii_digit).count() <= 2
    };
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.split('_').all(is_part)
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
