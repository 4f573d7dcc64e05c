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
const OPENCLAW_ONLY: &str = "No edit of the state repairs this.";

/// The messages. Where several occur in a text, the longest says most.
#[rustfmt::skip]
pub static MESSAGES: &[Message] = &[
    m(&["pairing required"], "The gateway does not let this device in as it asks to be let in: it is not paired, or lacks a role or scope, or reports another platform. Up to 2026.4 the message does not say which.", ""),
    m(&["device pairing required", "device is not approved yet"], "No paired device has this id and this public key.", ""),
    m(&["role upgrade pending approval", "asking for a higher role than currently approved"], "The device is paired, but not as an operator, or its operator token is gone or revoked.", ""),
    m(&["scope upgrade pending approval", "asking for more scopes than currently approved"], "The device is paired, and the command wants a scope that it was not approved for. A request for it waits now.", ""),
    m(&["device metadata change pending approval", "device identity changed and must be re-approved"], "The device reports another platform or device family than it was approved with.", ""),
    m(&["unknown requestid"], "The request that was to be approved is not there any more: requests expire after five minutes, and every refused connect may replace them.", ""),
    m(&["missing scope: operator."], "The connection stands, but the device's scopes do not allow this command.", ""),
    m(&["invalid scope for requested roles"], "The request asks for scopes that do not belong to its roles; no gateway approves it.", "Have the device ask again."),
    m(&["device pairing approval denied"], "The device that approves lacks the scope to do so.", ""),
    m(&["device token rotation denied"], "The device's token may not be renewed: its scopes, its approved list or its record do not allow it.", ""),
    m(&["device token revocation denied"], "The device that asks lacks the scope to revoke this token.", ""),
    m(&["device-ownership-mismatch"], "One device tried to manage another one, which some releases refuse even to an admin.", ""),
    m(&["local fallback pairing state does not contain the gateway request"], "The CLI looked into the files of its own state dir and did not find what the gateway has: the two use different state dirs.", ""),
    m(&["using a different openclaw_profile or openclaw_state_dir"], "The CLI and the gateway use different state dirs.", ""),
    m(&["direct scope access failed; using local fallback"], "The gateway refused, and `devices list` read the files itself: the CLI is locked out even though the command ends well.", ""),
    m(&["gateway closed (1000"], "The gateway closed the connection without a word about pairing: it failed at reading its stores.", "Code 1000 is also seen with healthy files; then the gateway's log says more."),
    m(&["jsonfilereaderror", "failed to parse json file"], "A store file is not valid JSON, and this release refuses everything until it is.", ""),
    m(&["failed to read json file"], "A store file cannot be read or is not valid JSON.", ""),
    m(&["device pairing store migration failed"], "The step from pairing files to the database stops at a record that it cannot take.", ""),
    m(&["not null constraint failed: device_pairing_paired"], "A record in paired.json lacks a time that the database demands, so the import stops.", ""),
    m(&["device pairing store migration skipped"], "The import into the database left out records without a key or a time.", ""),
    m(&["no stored device auth for this gateway origin"], "For a gateway at that URL no device token is kept.", "Run the CLI without --url on the gateway's own host."),
    m(&["local cli pairing identity does not match the canonical device key"], "The record of this machine's device holds another public key than the identity; the gateway does not start.", ""),
    m(&["runtime-only gateway auth could not prepare local cli device credentials"], "The device's operator token does not cover admin, so the gateway cannot let the CLI in by itself.", ""),
    m(&["gateway token missing"], "The gateway wants its shared token and got none.", ""),
    m(&["gateway token mismatch"], "The shared token that the client sent is not the gateway's.", "The gateway may still run with an older token: openclaw gateway restart."),
    m(&["gateway token not configured on gateway"], "The gateway goes by a shared token and has none.", ""),
    m(&["gateway password"], "The shared password is missing or another one.", ""),
    m(&["device token mismatch"], "The token that this machine has cached is not the one in its paired record, or that one is gone or revoked.", ""),
    m(&["device token scope mismatch"], "The device's token holds scopes that it was not approved for, or lacks the one that is wanted.", ""),
    m(&["device token rejected"], "The device token that was given is not the one of a paired device.", ""),
    m(&["too many failed authentication attempts"], "A limiter: after ten failures in a minute the gateway refuses for five minutes.", "No file is wrong: wait five minutes or restart the gateway. What failed before has another cause: clawmend says which."),
    m(&["tailscale identity"], "The gateway goes by Tailscale, and its answer was missing or another one.", OPENCLAW_ONLY),
    m(&["bootstrap token invalid or expired"], "A phone or node used a setup code that is spent.", "Make a new setup code; no edit of the state repairs this."),
    m(&["proxy client attribution is required", "proxy_attribution_required"], "Forwarded headers came from an address that is not in gateway.trustedProxies.", "`repair --trust-proxy IP`, with the proxy's own address, puts it there."),
    m(&["gateway credential is a redaction sentinel", "known redaction sentinel"], "A mask stands in the config where a token or password belongs.", ""),
    m(&["requires credentials before opening a websocket"], "The CLI has nothing to show: no shared token that it can use and no cached device token.", ""),
    m(&["gateway url override requires explicit credentials"], "A URL was given by --url or OPENCLAW_GATEWAY_URL, and then the config's credentials are not used.", "Leave the URL out, or give --token with it."),
    m(&["is configured as a secret reference but is unavailable", "failed to resolve gateway.auth.token locally"], "A token is kept elsewhere, and this command cannot reach that place.", ""),
    m(&["gateway auth changed"], "The shared token or password was changed while the connection stood.", "Connect again."),
    m(&["device identity required"], "The client sent no device and no shared credential: it could not load its identity.", ""),
    m(&["device identity mismatch"], "The device's id is not the hash of the key it sent.", ""),
    m(&["device signature expired", "signature expired", "wrong clock", "clock skew"], CLOCK_DIFFERS, CLOCK),
    m(&["device nonce"], "The client is too old for the gateway, or an answer was sent twice.", "Bring CLI and gateway to one release."),
    m(&["device signature invalid"], "The private key does not belong to the public key in the identity, or a proxy rewrote the message.", ""),
    m(&["device public key invalid"], "The public key cannot be read.", ""),
    m(&["requires https or localhost"], "The browser came over plain http, where it has no keys.", "Open the page by https or by localhost."),
    m(&["origin not allowed"], "The browser's page comes from an origin that is not listed.", "Add it to gateway.controlUi.allowedOrigins, or open the page from the gateway's host."),
    m(&["protocol mismatch"], "Client and gateway are of releases too far apart.", "Bring CLI and gateway to one release, then restart the gateway."),
    m(&["invalid persisted device identity"], "The identity's row in the database fails OpenClaw's own check.", ""),
    m(&["legacy device identity exists"], "An identity file lies beside a database that has none, or another one.", ""),
    m(&["legacy device auth requires migration"], "A device-auth.json lies beside a database that has taken over.", ""),
    m(&["differs from the legacy identity"], "The identity in the database and the one in the file are not the same.", ""),
    m(&["differ from the migration receipt"], "The retired identity file was written again after it had been imported.", ""),
    m(&["could not access the persisted device identity"], "The app found an identity that it cannot use.", ""),
    m(&["invalid --bind", "gateway.bind: invalid input"], "gateway.bind is not one of loopback, lan, tailnet, auto, custom.", ""),
    m(&["missing config. run"], "There is no config file where the gateway looks for it.", ""),
    m(&["existing config is missing gateway.mode", "gateway start blocked: set gateway.mode=local (current: unset)"], "gateway.mode is not set.", ""),
    m(&["gateway start blocked: set gateway.mode=local (current: remote)"], "gateway.mode is `remote` on a host that is to run a gateway.", ""),
    m(&["refusing to bind gateway to"], "Others could reach the gateway at this bind, and no shared token or password guards it.", ""),
    m(&["gateway auth mode is trusted-proxy"], "Auth by a proxy is half set up, or stands beside a shared token.", ""),
    m(&["expected array, received string"], "A list is wanted where a text stands.", ""),
    m(&["published example placeholder"], "The token is an example from a guide.", ""),
    m(&["unrecognized key"], "The config holds a key that this release does not know.", ""),
    m(&["json5: invalid"], "The config is not JSON5.", ""),
    m(&["config auto-restored from last-known-good"], "OpenClaw put an older copy of the config back.", ""),
    m(&["would flatten $include-owned config"], "OpenClaw will not write a config whose values come from included files.", "Edit the included file that holds the key."),
    m(&["uses newer schema version", "cannot open your existing data"], "A newer OpenClaw has written the database, and this one cannot open it.", "Install the newer release again."),
    m(&["startup migrations did not complete cleanly"], "An import of older files was refused at the start.", ""),
    m(&["legacy exec approvals exist"], "A retired exec-approvals.json stops OpenClaw's own migration.", ""),
    m(&["doctor stopped because a state migration refused"], "OpenClaw's own migration was stopped by a leftover file.", ""),
    m(&["eaddrinuse", "another gateway instance is already listening", "already in use", "gateway already running"], PORT_TAKEN, WHO_HAS_THE_PORT),
    m(&["1008"], "The gateway closed the connection because of who asks. The words after the number say more: pairing required, unauthorized, device identity and others.", "Give the whole message to explain: each of them means something else."),
    m(&["unauthorized"], "The gateway does not take the token, password or device that was sent. The words after it say which.", "Give the whole message to explain: each of them means something else."),
    m(&["another gateway (pid"], "Another gateway holds this state dir.", "Stop one of the two."),
    m(&["database is locked"], "Another process holds the database.", "Wait, or stop the process that holds it; no edit repairs this."),
    m(&["database disk image is malformed"], "Pages of the database are damaged.", ""),
    m(&["file is not a database"], "What lies at the database's path is something else.", ""),
    m(&["security error: gateway url", "over plaintext ws://"], "The CLI does not send its token over plain ws:// to another machine.", ""),
    m(&["gateway.remote.url missing"], "gateway.mode is `remote`, and no URL says where the gateway is.", ""),
    m(&["tls fingerprint"], "The certificate of the gateway is not the one that was pinned.", "Correct gateway.remote.tlsFingerprint; a wrong one may also mean somebody in between."),
    m(&["1006 abnormal closure"], "The connection broke off: no gateway there, another protocol, or a crash.", "See whether the gateway runs, and its log."),
    m(&["gateway timeout after", "gateway connect challenge timeout"], "Nothing answered in time: the gateway is busy, or something else has the port.", "See whether the gateway runs, and on which port."),
    m(&["econnrefused", "gateway not reachable at"], "Nothing listens there: the gateway is stopped, did not start, or listens elsewhere.", "openclaw gateway start, once nothing here blocks it."),
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
