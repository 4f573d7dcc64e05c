//! OpenClaw's own messages: what each means, and which findings cause it. For `explain`.
//!
//! Texts are fragments as they occur in messages of 2026.1 to 2026.9; ids, paths and names in them are
//! left out.

/// A message of OpenClaw.
pub struct Message {
    /// A fragment of its text.
    pub text: &'static str,
    /// What OpenClaw says with it.
    pub means: &'static str,
    /// The findings that cause it.
    pub codes: &'static [&'static str],
    /// What to do where no finding is behind it.
    pub advice: &'static str,
}

const fn m(
    text: &'static str,
    means: &'static str,
    codes: &'static [&'static str],
    advice: &'static str,
) -> Message {
    Message { text, means, codes, advice }
}

const PAIRING: &[&str] = &[
    "cli-not-paired",
    "cli-scopes-missing",
    "cli-role-missing",
    "cli-platform-pinned",
    "cli-request-stale",
    "store-not-an-object",
];
const UNPAIRED: &[&str] =
    &["cli-not-paired", "cli-key-differs", "identity-foreign", "store-not-an-object"];
const SCOPES: &[&str] = &["cli-scopes-missing", "cli-scopes-disagree", "cli-request-waits"];
const ROLE: &[&str] = &["cli-role-missing", "cli-token-missing", "cli-token-revoked"];
const PIN: &[&str] = &["cli-platform-pinned"];
const CHURN: &[&str] =
    &["cli-request-churn", "cli-request-expired", "cli-scopes-missing", "cli-not-paired"];
const DEVICE_TOKEN: &[&str] = &[
    "cli-token-mismatch",
    "cli-token-missing",
    "cli-token-revoked",
    "cli-token-cache-foreign",
    "cli-not-paired",
    "shared-token-drift",
];
const NOTHING_TO_SHOW: &[&str] = &[
    "cli-token-not-cached",
    "cli-token-cache-malformed",
    "cli-token-cache-foreign",
    "identity-malformed",
    "device-auth-file-left",
];
const SHARED: &[&str] =
    &["shared-token-drift", "env-overrides-token", "shared-token-changed", "token-placeholder"];
const UNAUTHORIZED: &[&str] = &[
    "shared-token-drift",
    "env-overrides-token",
    "token-placeholder",
    "cli-token-mismatch",
    "cli-token-missing",
    "cli-token-revoked",
    "cli-token-cache-foreign",
    "cli-not-paired",
];
const PORT_TAKEN: &str = "Another process listens on the gateway's port already, most often a gateway that still runs as a service.";
const WHO_HAS_THE_PORT: &str = "No file is wrong. `openclaw gateway status` says whether a gateway runs, `ss -ltnp` (or `lsof -i :18789`) which process has the port. Stop that one, or leave it running: one gateway is enough.";
const CLOCK_DIFFERS: &str = "The clocks of client and gateway differ by more than two minutes.";
const CLOCK: &str = "No file is wrong: set the clock (timedatectl set-ntp true), then try again.";
const OPENCLAW_ONLY: &str = "No edit of the state mends this.";

/// The messages. Where several occur in a text, the longest says most.
#[rustfmt::skip]
pub static MESSAGES: &[Message] = &[
    m("pairing required", "The gateway does not let this device in as it asks to be let in: it is not paired, or lacks a role or scope, or reports another platform. Up to 2026.4 the message does not say which.", PAIRING, ""),
    m("device pairing required", "No paired device has this id and this public key.", UNPAIRED, ""),
    m("device is not approved yet", "No paired device has this id and this public key.", UNPAIRED, ""),
    m("role upgrade pending approval", "The device is paired, but not as an operator, or its operator token is gone or revoked.", ROLE, ""),
    m("asking for a higher role than currently approved", "The device is paired, but not as an operator, or its operator token is gone or revoked.", ROLE, ""),
    m("scope upgrade pending approval", "The device is paired, and the command wants a scope that it was not approved for. A request for it waits now.", SCOPES, ""),
    m("asking for more scopes than currently approved", "The device is paired, and the command wants a scope that it was not approved for. A request for it waits now.", SCOPES, ""),
    m("device metadata change pending approval", "The device reports another platform or device family than it was approved with.", PIN, ""),
    m("device identity changed and must be re-approved", "The device reports another platform or device family than it was approved with.", PIN, ""),
    m("unknown requestid", "The request that was to be approved is not there any more: requests expire after five minutes, and every refused connect may replace them.", CHURN, ""),
    m("missing scope: operator.", "The connection stands, but the device's scopes do not allow this command.", SCOPES, ""),
    m("invalid scope for requested roles", "The request asks for scopes that do not belong to its roles; no gateway approves it.", &["request-foreign", "cli-request-waits"], "Have the device ask again."),
    m("device pairing approval denied", "The device that approves lacks the scope to do so.", &["cli-scopes-missing", "request-foreign"], ""),
    m("device token rotation denied", "The device's token may not be renewed: its scopes, its approved list or its record do not allow it.", &["cli-scopes-missing", "cli-token-scopes-beyond", "cli-token-missing"], ""),
    m("device token revocation denied", "The device that asks lacks the scope to revoke this token.", &["cli-scopes-missing"], ""),
    m("device-ownership-mismatch", "One device tried to manage another one, which some releases refuse even to an admin.", &["request-foreign"], ""),
    m("local fallback pairing state does not contain the gateway request", "The CLI looked into the files of its own state dir and did not find what the gateway has: the two use different state dirs.", &["other-state-dirs", "service-other-state-dir", "env-overrides-url"], ""),
    m("using a different openclaw_profile or openclaw_state_dir", "The CLI and the gateway use different state dirs.", &["other-state-dirs", "service-other-state-dir"], ""),
    m("direct scope access failed; using local fallback", "The gateway refused, and `devices list` read the files itself: the CLI is locked out even though the command ends well.", &["cli-scopes-missing", "cli-not-paired"], ""),
    m("gateway closed (1000", "The gateway closed the connection without a word about pairing: it failed at reading its stores.", &["store-broken", "store-empty", "cell-malformed", "store-unreadable"], "Code 1000 is also seen with healthy files; then the gateway's log says more."),
    m("jsonfilereaderror", "A store file is not valid JSON, and this release refuses everything until it is.", &["store-broken", "store-empty"], ""),
    m("failed to parse json file", "A store file is not valid JSON, and this release refuses everything until it is.", &["store-broken", "store-empty"], ""),
    m("failed to read json file", "A store file cannot be read or is not valid JSON.", &["store-broken", "store-empty", "store-unreadable"], ""),
    m("device pairing store migration failed", "The step from pairing files to the database stops at a record that it cannot take.", &["import-waits", "record-invalid"], ""),
    m("not null constraint failed: device_pairing_paired", "A record in paired.json lacks a time that the database demands, so the import stops.", &["record-invalid", "import-waits"], ""),
    m("device pairing store migration skipped", "The import into the database left out records without a key or a time.", &["record-invalid", "cli-not-paired"], ""),
    m("no stored device auth for this gateway origin", "For a gateway at that URL no device token is kept.", &["env-overrides-url", "remote-client"], "Run the CLI without --url on the gateway's own host."),
    m("local cli pairing identity does not match the canonical device key", "The record of this machine's device holds another public key than the identity; the gateway does not start.", &["cli-key-differs"], ""),
    m("runtime-only gateway auth could not prepare local cli device credentials", "The device's operator token does not cover admin, so the gateway cannot let the CLI in by itself.", &["cli-token-scopes-missing", "cli-scopes-missing"], ""),
    m("gateway token missing", "The gateway wants its shared token and got none.", &["shared-token-drift", "token-placeholder", "config-by-reference"], ""),
    m("gateway token mismatch", "The shared token that the client sent is not the gateway's.", SHARED, "The gateway may still run with an older token: openclaw gateway restart."),
    m("gateway token not configured on gateway", "The gateway goes by a shared token and has none.", &["token-placeholder", "auth-bind-conflict", "config-by-reference"], ""),
    m("gateway password", "The shared password is missing or another one.", &["token-placeholder", "shared-token-drift", "auth-bind-conflict"], ""),
    m("device token mismatch", "The token that this machine has cached is not the one in its paired record, or that one is gone or revoked.", DEVICE_TOKEN, ""),
    m("device token scope mismatch", "The device's token holds scopes that it was not approved for, or lacks the one that is wanted.", &["cli-token-scopes-beyond", "cli-token-scopes-missing", "cli-scopes-missing"], ""),
    m("device token rejected", "The device token that was given is not the one of a paired device.", DEVICE_TOKEN, ""),
    m("too many failed authentication attempts", "A limiter: after ten failures in a minute the gateway refuses for five minutes.", &["not-a-file-problem"], "No file is wrong: wait five minutes or restart the gateway. What failed before has another cause: clawmend says which."),
    m("tailscale identity", "The gateway goes by Tailscale, and its answer was missing or another one.", &["auth-bind-conflict"], OPENCLAW_ONLY),
    m("bootstrap token invalid or expired", "A phone or node used a setup code that is spent.", &[], "Make a new setup code; no edit of the state mends this."),
    m("proxy client attribution is required", "Forwarded headers came from an address that is not in gateway.trustedProxies.", &["proxy-untrusted"], "clawmend repair --trust-proxy IP, with the proxy's own address."),
    m("proxy_attribution_required", "Forwarded headers came from an address that is not in gateway.trustedProxies.", &["proxy-untrusted"], "clawmend repair --trust-proxy IP, with the proxy's own address."),
    m("gateway credential is a redaction sentinel", "A mask stands in the config where a token or password belongs.", &["token-placeholder"], ""),
    m("requires credentials before opening a websocket", "The CLI has nothing to show: no shared token that it can use and no cached device token.", NOTHING_TO_SHOW, ""),
    m("gateway url override requires explicit credentials", "A URL was given by --url or OPENCLAW_GATEWAY_URL, and then the config's credentials are not used.", &["env-overrides-url"], "Leave the URL out, or give --token with it."),
    m("is configured as a secret reference but is unavailable", "A token is kept elsewhere, and this command cannot reach that place.", &["config-by-reference"], ""),
    m("failed to resolve gateway.auth.token locally", "A token is kept elsewhere, and this command cannot reach that place.", &["config-by-reference"], ""),
    m("gateway auth changed", "The shared token or password was changed while the connection stood.", &["shared-token-changed"], "Connect again."),
    m("device identity required", "The client sent no device and no shared credential: it could not load its identity.", &["identity-missing", "identity-malformed"], ""),
    m("device identity mismatch", "The device's id is not the hash of the key it sent.", &["identity-id-differs"], ""),
    m("device signature expired", CLOCK_DIFFERS, &["not-a-file-problem"], CLOCK),
    m("device nonce", "The client is too old for the gateway, or an answer was sent twice.", &[], "Bring CLI and gateway to one release."),
    m("device signature invalid", "The private key does not belong to the public key in the identity, or a proxy rewrote the message.", &["identity-keys-differ"], ""),
    m("device public key invalid", "The public key cannot be read.", &["identity-malformed", "cli-key-differs"], ""),
    m("requires https or localhost", "The browser came over plain http, where it has no keys.", &["auth-bypass-flag"], "Open the page by https or by localhost."),
    m("origin not allowed", "The browser's page comes from an origin that is not listed.", &[], "Add it to gateway.controlUi.allowedOrigins, or open the page from the gateway's host."),
    m("protocol mismatch", "Client and gateway are of releases too far apart.", &[], "Bring CLI and gateway to one release, then restart the gateway."),
    m("invalid persisted device identity", "The identity's row in the database fails OpenClaw's own check.", &["identity-malformed", "identity-times-invalid", "identity-keys-differ", "identity-id-differs"], ""),
    m("legacy device identity exists", "An identity file lies beside a database that has none, or another one.", &["identity-import-waits", "identity-file-left"], ""),
    m("legacy device auth requires migration", "A device-auth.json lies beside a database that has taken over.", &["device-auth-file-left", "import-waits"], ""),
    m("differs from the legacy identity", "The identity in the database and the one in the file are not the same.", &["identity-file-left"], ""),
    m("differ from the migration receipt", "The retired identity file was written again after it had been imported.", &["identity-file-left"], ""),
    m("could not access the persisted device identity", "The app found an identity that it cannot use.", &["identity-file-left", "identity-malformed"], ""),
    m("invalid --bind", "gateway.bind is not one of loopback, lan, tailnet, auto, custom.", &["gateway-bind-invalid"], ""),
    m("gateway.bind: invalid input", "gateway.bind is not one of loopback, lan, tailnet, auto, custom.", &["gateway-bind-invalid"], ""),
    m("missing config. run", "There is no config file where the gateway looks for it.", &["config-missing", "other-state-dirs"], ""),
    m("existing config is missing gateway.mode", "gateway.mode is not set.", &["gateway-mode-missing"], ""),
    m("gateway start blocked: set gateway.mode=local (current: unset)", "gateway.mode is not set.", &["gateway-mode-missing"], ""),
    m("gateway start blocked: set gateway.mode=local (current: remote)", "gateway.mode is `remote` on a host that is to run a gateway.", &["gateway-mode-remote"], ""),
    m("refusing to bind gateway to", "Others could reach the gateway at this bind, and no shared token or password guards it.", &["auth-bind-conflict"], ""),
    m("gateway auth mode is trusted-proxy", "Auth by a proxy is half set up, or stands beside a shared token.", &["auth-bind-conflict"], ""),
    m("expected array, received string", "A list is wanted where a text stands.", &["trusted-proxies-not-a-list"], ""),
    m("published example placeholder", "The token is an example from a guide.", &["token-placeholder"], ""),
    m("known redaction sentinel", "A mask stands in the config where a token or password belongs.", &["token-placeholder"], ""),
    m("unrecognized key", "The config holds a key that this release does not know.", &["config-unknown-key"], ""),
    m("json5: invalid", "The config is not JSON5.", &["config-unparsable", "config-empty"], ""),
    m("config auto-restored from last-known-good", "OpenClaw put an older copy of the config back.", &["config-replaced", "config-may-be-replaced"], ""),
    m("would flatten $include-owned config", "OpenClaw will not write a config whose values come from included files.", &["include-broken"], "Edit the included file that holds the key."),
    m("uses newer schema version", "A newer OpenClaw has written the database, and this one cannot open it.", &["database-downgraded", "database-newer"], "Install the newer release again."),
    m("cannot open your existing data", "A newer OpenClaw has written the database, and this one cannot open it.", &["database-downgraded", "database-newer"], "Install the newer release again."),
    m("startup migrations did not complete cleanly", "An import of older files was refused at the start.", &["import-waits", "exec-approvals-left", "identity-import-waits", "device-auth-file-left"], ""),
    m("legacy exec approvals exist", "A retired exec-approvals.json stops OpenClaw's own migration.", &["exec-approvals-left"], ""),
    m("doctor stopped because a state migration refused", "OpenClaw's own migration was stopped by a leftover file.", &["exec-approvals-left", "import-waits", "identity-file-left"], ""),
    m("eaddrinuse", PORT_TAKEN, &[], WHO_HAS_THE_PORT),
    m("another gateway instance is already listening", PORT_TAKEN, &[], WHO_HAS_THE_PORT),
    m("already in use", PORT_TAKEN, &[], WHO_HAS_THE_PORT),
    m("gateway already running", PORT_TAKEN, &[], WHO_HAS_THE_PORT),
    m("signature expired", CLOCK_DIFFERS, &["not-a-file-problem"], CLOCK),
    m("wrong clock", CLOCK_DIFFERS, &["not-a-file-problem"], CLOCK),
    m("clock skew", CLOCK_DIFFERS, &["not-a-file-problem"], CLOCK),
    m("1008", "The gateway closed the connection because of who asks. The words after the number say more: pairing required, unauthorized, device identity and others.", PAIRING, "Give the whole message to explain: each of them means something else."),
    m("unauthorized", "The gateway does not take the token, password or device that was sent. The words after it say which.", UNAUTHORIZED, "Give the whole message to explain: each of them means something else."),
    m("another gateway (pid", "Another gateway holds this state dir.", &[], "Stop one of the two."),
    m("database is locked", "Another process holds the database.", &["database-unusable"], "Wait, or stop the process that holds it; no edit mends this."),
    m("database disk image is malformed", "Pages of the database are damaged.", &["database-damaged"], ""),
    m("file is not a database", "What lies at the database's path is something else.", &["database-foreign", "database-empty"], ""),
    m("security error: gateway url", "The CLI does not send its token over plain ws:// to another machine.", &["gateway-url-plaintext", "remote-url-not-local"], ""),
    m("over plaintext ws://", "The CLI does not send its token over plain ws:// to another machine.", &["gateway-url-plaintext", "remote-url-not-local"], ""),
    m("gateway.remote.url missing", "gateway.mode is `remote`, and no URL says where the gateway is.", &["gateway-mode-remote"], ""),
    m("tls fingerprint", "The certificate of the gateway is not the one that was pinned.", &[], "Correct gateway.remote.tlsFingerprint; a wrong one may also mean somebody in between."),
    m("1006 abnormal closure", "The connection broke off: no gateway there, another protocol, or a crash.", &["gateway-mode-missing", "gateway-mode-remote", "gateway-bind-invalid", "config-unparsable"], "See whether the gateway runs, and its log."),
    m("gateway timeout after", "Nothing answered in time: the gateway is busy, or something else has the port.", &["env-overrides-port"], "See whether the gateway runs, and on which port."),
    m("gateway connect challenge timeout", "Nothing answered in time: the gateway is busy, or something else has the port.", &["env-overrides-port"], "See whether the gateway runs, and on which port."),
    m("econnrefused", "Nothing listens there: the gateway is stopped, did not start, or listens elsewhere.", &["gateway-mode-missing", "gateway-mode-remote", "gateway-bind-invalid", "config-unparsable", "env-overrides-port"], "openclaw gateway start, once nothing here blocks it."),
    m("gateway not reachable at", "Nothing listens there: the gateway is stopped, did not start, or listens elsewhere.", &["gateway-mode-missing", "gateway-mode-remote", "gateway-bind-invalid", "env-overrides-port"], "openclaw gateway start, once nothing here blocks it."),
    m("proxy headers detected from untrusted address", "A proxy stands in front of the gateway and is not listed, so its clients count as remote.", &["proxy-untrusted", "remote-url-not-local"], ""),
    m("loopback connection with non-local host header", "A proxy stands in front of the gateway, so its clients count as remote.", &["proxy-untrusted"], ""),
    m("eacces: permission denied", "OpenClaw may not read or write a file of its state.", &["owner-differs", "mode-locks-out"], ""),
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

/// The message that a text holds, the longest where there are several.
pub fn find(text: &str) -> Option<&'static Message> {
    let text = plain(text);
    MESSAGES
        .iter()
        .filter(|message| holds(&text, message.text))
        .max_by_key(|message| message.text.len())
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
