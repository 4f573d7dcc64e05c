use super::*;
use crate::checks::RULES;

#[test]
fn every_message_is_plain_and_names_codes_that_exist() {
    for message in MESSAGES {
        assert_eq!(plain(message.text), message.text);
        assert!(!message.means.is_empty());
        assert!(!message.codes.is_empty() || !message.advice.is_empty(), "{}", message.text);
        for code in message.codes {
            assert!(RULES.iter().any(|rule| rule.code.0 == *code), "{}: {code}", message.text);
        }
    }
}

/// Texts as they are pasted: with prefixes, close codes, ids, paths, another case.
#[test]
fn pasted_messages_find_their_findings() {
    let cases: &[(&str, &str)] = &[
        ("gateway closed (1008): pairing required", "cli-not-paired"),
        ("disconnected (1008): pairing required", "cli-scopes-missing"),
        (
            "GatewayClientRequestError: pairing required: device is asking for more scopes than currently approved (requestId: 461df16e-88f0-4281-ab48-93c0dbed9b16)",
            "cli-scopes-missing",
        ),
        (
            "gateway connect failed: GatewayTransportError: gateway closed (1008 policy violation): scope upgrade pending approval (requestId: 461df16e)",
            "cli-scopes-missing",
        ),
        ("[openclaw] Reason: pairing required: device is not approved yet", "cli-not-paired"),
        ("Error: device pairing required (requestId: R)", "cli-not-paired"),
        ("role upgrade pending approval (requestId: 1)", "cli-role-missing"),
        (
            "pairing required: device is asking for a higher role than currently approved",
            "cli-token-revoked",
        ),
        (
            "pairing required: device identity changed and must be re-approved",
            "cli-platform-pinned",
        ),
        (
            "gateway closed (1008): device metadata change pending approval (requestId: x)",
            "cli-platform-pinned",
        ),
        ("GatewayClientRequestError: unknown requestId", "cli-request-churn"),
        ("missing scope: operator.admin", "cli-scopes-missing"),
        ("unauthorized: device token mismatch (rotate/reissue device token)", "cli-token-mismatch"),
        ("UNAUTHORIZED: DEVICE TOKEN MISMATCH", "cli-token-mismatch"),
        (
            "unauthorized: device token scope mismatch (re-pair or approve scope upgrade)",
            "cli-token-scopes-beyond",
        ),
        ("gateway closed (1000 normal closure): no close reason", "cell-malformed"),
        ("gateway closed (1000): ", "store-broken"),
        (
            "JsonFileReadError: Failed to parse JSON file: /home/ann/.openclaw/devices/paired.json",
            "store-broken",
        ),
        (
            "device pairing store migration failed: Error: NOT NULL constraint failed: device_pairing_paired.created_at_ms",
            "record-invalid",
        ),
        (
            "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
            "shared-token-drift",
        ),
        (
            "gateway cron.list requires credentials before opening a websocket",
            "cli-token-not-cached",
        ),
        ("gateway url override requires explicit credentials", "env-overrides-url"),
        (
            "unauthorized: too many failed authentication attempts (retry later)",
            "not-a-file-problem",
        ),
        ("device signature expired", "not-a-file-problem"),
        ("device signature invalid", "identity-keys-differ"),
        (
            "SQLite contains an invalid persisted device identity \"primary\". Run \"openclaw doctor --fix\"",
            "identity-malformed",
        ),
        (
            "Legacy device identity exists at /root/.openclaw/identity/device.json. Run \"openclaw doctor --fix\"",
            "identity-import-waits",
        ),
        (
            "Gateway failed to start: Legacy device auth requires migration; stop the Gateway and run `openclaw doctor --fix`.",
            "device-auth-file-left",
        ),
        (
            "Invalid --bind. Use \"loopback\", \"lan\", \"tailnet\", \"auto\", or \"custom\".",
            "gateway-bind-invalid",
        ),
        (
            "Gateway start blocked: existing config is missing gateway.mode. Treat this as suspicious or clobbered config.",
            "gateway-mode-missing",
        ),
        (
            "Gateway start blocked: set gateway.mode=local (current: remote) or pass --allow-unconfigured.",
            "gateway-mode-remote",
        ),
        (
            "Gateway start blocked: set gateway.mode=local (current: unset) or pass --allow-unconfigured.",
            "gateway-mode-missing",
        ),
        ("Refusing to bind gateway to auto without auth.", "auth-bind-conflict"),
        (
            "gateway.trustedProxies: Invalid input: expected array, received string",
            "trusted-proxies-not-a-list",
        ),
        ("JSON5: invalid end of input at 1:1", "config-empty"),
        ("Unrecognized key(s): \"foo\"", "config-unknown-key"),
        (
            "Config auto-restored from last-known-good: /x (missing-meta-vs-last-good)",
            "config-replaced",
        ),
        (
            "SECURITY ERROR: Gateway URL \"ws://10.0.0.2:18789\" uses plaintext ws:// to a non-loopback address.",
            "gateway-url-plaintext",
        ),
        (
            "OpenClaw state database /x uses newer schema version 18; this OpenClaw build supports 15.",
            "database-downgraded",
        ),
        ("SqliteError: database disk image is malformed", "database-damaged"),
        ("Error: file is not a database", "database-foreign"),
        (
            "EACCES: permission denied, open '/root/.openclaw/identity/device-auth.json'",
            "owner-differs",
        ),
        ("403 proxy_attribution_required", "proxy-untrusted"),
        (
            "Proxy headers detected from untrusted address. Connection will not be treated as local.",
            "proxy-untrusted",
        ),
        ("connect ECONNREFUSED 127.0.0.1:18789", "gateway-mode-missing"),
        (
            "The running gateway is probably using a different OPENCLAW_PROFILE or OPENCLAW_STATE_DIR than this CLI.",
            "other-state-dirs",
        ),
        (
            "Legacy exec approvals exist at /x. Run `openclaw doctor --fix` before using exec approvals.",
            "exec-approvals-left",
        ),
    ];
    for (text, code) in cases {
        let found = find(text).map(|message| message.codes).unwrap_or_default();
        assert!(found.contains(code), "{text}: {found:?}");
    }
}

#[test]
fn what_is_no_message_finds_nothing() {
    assert!(find("hello there").is_none());
    assert!(find("").is_none());
}

/// What no edit of the state mends is explained all the same; so are short and general words.
#[test]
fn messages_that_are_no_matter_of_files_are_known() {
    for text in [
        "listen EADDRINUSE: address already in use 127.0.0.1:18789",
        "another gateway instance is already listening on ws://127.0.0.1:18789",
        "Port 18789 is already in use.",
    ] {
        let found = find(text).unwrap();
        assert!(found.codes.is_empty(), "{text}");
        assert!(found.advice.contains("openclaw gateway status"), "{text}");
    }
    for text in ["signature expired", "wrong clock"] {
        assert_eq!(find(text).unwrap().codes, ["not-a-file-problem"], "{text}");
    }
    assert!(find("1008").unwrap().codes.contains(&"cli-scopes-missing"));
    assert!(find("Unauthorized").unwrap().codes.contains(&"shared-token-drift"));
    assert!(find("request 10083 of a1008-1008").is_none());
}
