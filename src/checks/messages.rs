//! OpenClaw's own messages: what each means, and what to do about those that no finding is behind. Which
//! findings a message points to stands in the checks. For `explain`.
//!
//! Texts are fragments as they occur in messages of 2026.1 to 2026.9; ids, paths and names in them are
//! left out.

use super::{CHECKS, Check};

/// A message of OpenClaw.
pub struct Message {
    /// Fragments of its text, in the spelling of each release.
    pub texts: &'static [&'static str],
    /// What OpenClaw says with it.
    pub means: &'static str,
    /// What to do where no finding is behind it.
    pub advice: &'static str,
}

const fn m(texts: &'static [&'static str], means: &'static str, advice: &'static str) -> Message {
    Message { texts, means, advice }
}

const PORT_TAKEN: &str = "Another process listens on the gateway's port already, most often a gateway that still runs as a service.";
const WHO_HAS_THE_PORT: &str = "No file is wrong. `openclaw gateway status` says whether a gateway runs, `ss -ltnp` (or `lsof -i :18789`) which process has the port. Stop that one, or leave it running: one gateway is enough.";
const CLOCK_DIFFERS: &str = "The clocks of client and gateway differ by more than two minutes.";
const CLOCK: &str = "No file is wrong: set the clock (timedatectl set-ntp true), then try again.";
const OPENCLAW_ONLY: &str = "clawmend can repair nothing here.";

/// The messages. Where several occur in a text, the longest says most.
#[rustfmt::skip]
pub static MESSAGES: &[Message] = &[
    m(&["pairing required"], "The gateway does not let this device in: it is not paired, or lacks a role or scope, or reports another platform. Up to 2026.4 the message does not say which.", ""),
    m(&["device pairing required", "device is not approved yet"], "No paired device has this id and this public key.", ""),
    m(&["role upgrade pending approval", "asking for a higher role than currently approved"], "The device is paired, but not as an operator, or its operator token is gone or revoked.", ""),
    m(&["scope upgrade pending approval", "asking for more scopes than currently approved"], "The device is paired, but the command needs a scope that it was not approved for. A request for it waits now.", ""),
    m(&["device metadata change pending approval", "device identity changed and must be re-approved"], "The device reports another platform or device family than it was approved with.", ""),
    m(&["unknown requestid"], "The request is not there any more: requests expire after five minutes, and every refused connect may replace them.", ""),
    m(&["missing scope: operator."], "The CLI is connected, but its scopes do not allow this command.", ""),
    m(&["invalid scope for requested roles"], "The request asks for scopes that its roles may not have, so no gateway approves it.", "Have the device ask again."),
    m(&["device pairing approval denied"], "The device that wants to approve lacks the scope for that.", ""),
    m(&["device token rotation denied"], "The device's token may not be renewed: its scopes, its approved list or its record do not allow it.", ""),
    m(&["device token revocation denied"], "The device that asks lacks the scope to revoke the token.", ""),
    m(&["device-ownership-mismatch"], "One device tried to manage another one, which some releases refuse even to an admin.", ""),
    m(&["local fallback pairing state does not contain the gateway request"], "The CLI looked into the files of its own state dir and did not find what the gateway has: the two use different state dirs.", ""),
    m(&["using a different openclaw_profile or openclaw_state_dir"], "The CLI and the gateway use different state dirs.", ""),
    m(&["direct scope access failed; using local fallback"], "The gateway refused, and `devices list` read the files itself: the CLI is locked out, although the command ends without an error.", ""),
    m(&["gateway closed (1000"], "The gateway closed the connection without a word about pairing: it could not read its stores.", "Code 1000 also comes with healthy files; then the gateway's log says more."),
    m(&["jsonfilereaderror", "failed to parse json file"], "A store file is not valid JSON, and this release refuses everything until it is.", ""),
    m(&["failed to read json file"], "A store file cannot be read or is not valid JSON.", ""),
    m(&["device pairing store migration failed"], "The move of the pairing files into the database stops at a record that the database refuses.", ""),
    m(&["not null constraint failed: device_pairing_paired"], "A record in paired.json lacks a time that the database needs, so the import stops.", ""),
    m(&["device pairing store migration skipped"], "The import into the database left out records without a key or a time.", ""),
    m(&["no stored device auth for this gateway origin"], "There is no saved token for a gateway at that URL.", "Run the CLI without --url on the gateway's own host."),
    m(&["local cli pairing identity does not match the canonical device key"], "The record of this machine's device holds another public key than the identity; the gateway does not start.", ""),
    m(&["runtime-only gateway auth could not prepare local cli device credentials"], "The device's operator token does not cover admin, so the gateway cannot let the CLI in by itself.", ""),
    m(&["gateway token missing"], "The gateway needs its shared token and got none.", ""),
    m(&["gateway token mismatch"], "The shared token that the client sent is not the gateway's.", "The gateway may still run with an older token: openclaw gateway restart."),
    m(&["gateway token not configured on gateway"], "The gateway is set to use a shared token, but has none.", ""),
    m(&["gateway password"], "The shared password is missing or wrong.", ""),
    m(&["device token mismatch"], "This machine's saved token is not the one in its record, or the record's token is missing or revoked.", ""),
    m(&["device token scope mismatch"], "The device's token has scopes that the device was not approved for, or lacks the one that is needed.", ""),
    m(&["device token rejected"], "The device token is not the one of a paired device.", ""),
    m(&["too many failed authentication attempts"], "After ten failed tries in a minute the gateway refuses everything for five minutes.", "No file is wrong: wait five minutes or restart the gateway. The tries before failed for another reason: run clawmend, it says which."),
    m(&["tailscale identity"], "The gateway asks Tailscale who you are, and the answer was missing or another one.", OPENCLAW_ONLY),
    m(&["bootstrap token invalid or expired"], "A phone or node used a setup code that is used up or too old.", "Make a new setup code; clawmend can repair nothing here."),
    m(&["proxy client attribution is required", "proxy_attribution_required"], "Forwarded headers came from an address that is not in gateway.trustedProxies.", "`repair --trust-proxy IP`, with the proxy's own address, puts it there."),
    m(&["gateway credential is a redaction sentinel", "known redaction sentinel"], "A mask is in the config instead of a token or password.", ""),
    m(&["requires credentials before opening a websocket"], "The CLI has nothing to show: no shared token that it can use, and no saved token.", ""),
    m(&["gateway url override requires explicit credentials"], "A URL was given by --url or OPENCLAW_GATEWAY_URL, and then the config's credentials are not used.", "Leave the URL out, or give --token with it."),
    m(&["is configured as a secret reference but is unavailable", "failed to resolve gateway.auth.token locally"], "A token is kept elsewhere, and this command cannot read it there.", ""),
    m(&["gateway auth changed"], "The shared token or password was changed while the CLI was connected.", "Connect again."),
    m(&["device identity required"], "The client sent no device and no shared token: it could not read its identity.", ""),
    m(&["device identity mismatch"], "The device's id does not belong to the key that it sent.", ""),
    m(&["device signature expired", "signature expired", "wrong clock", "clock skew"], CLOCK_DIFFERS, CLOCK),
    m(&["device nonce"], "The client is too old for the gateway, or sent the same answer twice.", "Install the same release for CLI and gateway."),
    m(&["device signature invalid"], "The private key does not belong to the public key in the identity, or a proxy rewrote the message.", ""),
    m(&["device public key invalid"], "The public key cannot be read.", ""),
    m(&["requires https or localhost"], "The browser uses plain http, and there it can make no keys.", "Open the page by https or by localhost."),
    m(&["origin not allowed"], "The browser's page comes from an origin that is not listed.", "Add it to gateway.controlUi.allowedOrigins, or open the page from the gateway's host."),
    m(&["protocol mismatch"], "The releases of client and gateway are too far apart.", "Install the same release for CLI and gateway, then restart the gateway."),
    m(&["invalid persisted device identity"], "OpenClaw finds the identity in the database not valid.", ""),
    m(&["legacy device identity exists"], "An identity file is beside a database that has no identity, or another one.", ""),
    m(&["legacy device auth requires migration"], "An old device-auth.json is beside the database that replaced it.", ""),
    m(&["differs from the legacy identity"], "The identity in the database and the one in the file are not the same.", ""),
    m(&["differ from the migration receipt"], "The old identity file was written again after its import.", ""),
    m(&["could not access the persisted device identity"], "The app found an identity that it cannot use.", ""),
    m(&["invalid --bind", "gateway.bind: invalid input"], "gateway.bind is not one of loopback, lan, tailnet, auto, custom.", ""),
    m(&["missing config. run"], "There is no config file where the gateway looks for it.", ""),
    m(&["existing config is missing gateway.mode", "gateway start blocked: set gateway.mode=local (current: unset)"], "gateway.mode is not set.", ""),
    m(&["gateway start blocked: set gateway.mode=local (current: remote)"], "gateway.mode is `remote` on the gateway's own host.", ""),
    m(&["refusing to bind gateway to"], "Other machines could reach the gateway with this bind, and no shared token or password is set.", ""),
    m(&["gateway auth mode is trusted-proxy"], "Auth by a proxy is not complete, or a shared token is set beside it.", ""),
    m(&["expected array, received string"], "OpenClaw needs a list, and found a text.", ""),
    m(&["published example placeholder"], "The token is an example from a guide.", ""),
    m(&["unrecognized key"], "The config holds a key that this release does not know.", ""),
    m(&["json5: invalid"], "The config has a syntax error.", ""),
    m(&["config auto-restored from last-known-good"], "OpenClaw replaced the config by an older copy.", ""),
    m(&["would flatten $include-owned config"], "OpenClaw does not write a config whose values come from included files.", "Edit the included file that holds the key."),
    m(&["uses newer schema version", "cannot open your existing data"], "A newer OpenClaw has written the database, and this one cannot open it.", "Install the newer release again."),
    m(&["startup migrations did not complete cleanly"], "OpenClaw could not move older files into the database at its start.", ""),
    m(&["legacy exec approvals exist"], "An old exec-approvals.json stops OpenClaw's own migration.", ""),
    m(&["doctor stopped because a state migration refused"], "An old file stops OpenClaw's own migration.", ""),
    m(&["eaddrinuse", "another gateway instance is already listening", "already in use", "gateway already running"], PORT_TAKEN, WHO_HAS_THE_PORT),
    m(&["1008"], "The gateway closed the connection because of who asks. The words after the number say more: pairing required, unauthorized, device identity and others.", "Explain the whole message, with all its words: each of them means something else."),
    m(&["unauthorized"], "The gateway does not take the token, password or device that was sent. The words after it say which.", "Explain the whole message, with all its words: each of them means something else."),
    m(&["another gateway (pid"], "Another gateway uses this state dir.", "Stop one of the two."),
    m(&["database is locked"], "Another process holds the database.", "Wait, or stop the process that holds it; clawmend can repair nothing here."),
    m(&["database disk image is malformed"], "Pages of the database are damaged.", ""),
    m(&["file is not a database"], "The database file is not a database.", ""),
    m(&["security error: gateway url", "over plaintext ws://"], "The CLI does not send its token over plain ws:// to another machine.", ""),
    m(&["gateway.remote.url missing"], "gateway.mode is `remote`, and no URL says where the gateway is.", ""),
    m(&["tls fingerprint"], "The gateway's certificate is not the one in gateway.remote.tlsFingerprint.", "Correct gateway.remote.tlsFingerprint. But be careful: somebody may stand between you and the gateway."),
    m(&["1006 abnormal closure"], "The connection broke off: there is no gateway, it uses another protocol, or it crashed.", "Check that the gateway runs, and read its log."),
    m(&["gateway timeout after", "gateway connect challenge timeout"], "Nothing answered in time: the gateway is busy, or something else has the port.", "Check that the gateway runs, and on which port."),
    m(&["econnrefused", "gateway not reachable at"], "Nothing listens there: the gateway is stopped, did not start, or listens elsewhere.", "Run `openclaw gateway start`, once clawmend finds nothing that blocks it."),
    m(&["proxy headers detected from untrusted address"], "A proxy stands in front of the gateway and is not listed, so its clients count as remote.", ""),
    m(&["loopback connection with non-local host header"], "A proxy stands in front of the gateway, so its clients count as remote.", ""),
    m(&["eacces: permission denied"], "OpenClaw may not read or write a file of its state.", ""),
];

/// Where the messages came from, the prefixes that OpenClaw puts before its texts, and ids are left
/// out; what is left is lower case with single blanks.
pub fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace(['`', '"', '\u{201c}', '\u{201d}'], "");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text holds a message. A bare number counts as a word of its own alone: ids and times hold
/// any digits.
fn holds(text: &str, message: &str) -> bool {
    let is_number = message.chars().all(|c| c.is_ascii_digit());
    if is_number {
        return text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .any(|word| word == message);
    }
    text.contains(message)
}

/// What a text means: its message with the fragment that was found, the longest where there are several.
pub struct Found {
    /// The message.
    pub message: &'static Message,
    /// The fragment that the text holds.
    pub text: &'static str,
}

/// The message that a text holds.
pub fn find(text: &str) -> Option<Found> {
    let text = plain(text);
    let all = MESSAGES
        .iter()
        .flat_map(|message| message.texts.iter().map(move |text| Found { message, text }));
    all.filter(|found| holds(&text, found.text)).max_by_key(|found| found.text.len())
}

/// The checks that a text points to. `message`: what [`find`] says of it. They know messages of their
/// own: those that say at least as much as that one count too, and a text may be a piece of one.
pub fn checks(text: &str, message: Option<&Found>) -> Vec<&'static Check> {
    const A_PIECE: usize = 8;
    let text = plain(text);
    let own = |check: &Check| {
        let lengths = check.messages.iter().filter_map(|fragment| {
            let fragment = plain(fragment);
            if holds(&text, &fragment) {
                return Some(fragment.len());
            }
            (text.len() >= A_PIECE && fragment.contains(&text)).then_some(text.len())
        });
        lengths.max().unwrap_or(0)
    };
    let names = |check: &Check| {
        message.is_some_and(|found| {
            check.messages.iter().any(|fragment| plain(fragment) == found.text)
        })
    };
    let lengths: Vec<usize> = CHECKS.iter().map(|check| own(check)).collect();
    let best = lengths.iter().copied().max().unwrap_or(0);
    let counts = best >= message.map_or(1, |found| found.text.len());
    let mut found: Vec<&Check> = CHECKS.iter().copied().filter(|check| names(check)).collect();
    for (check, length) in CHECKS.iter().zip(lengths) {
        if counts && length == best && !found.iter().any(|known| known.code == check.code) {
            found.push(check);
        }
    }
    found
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
