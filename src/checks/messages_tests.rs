use super::*;

fn codes(text: &str) -> Vec<&'static str> {
    checks(text, find(text).as_ref()).iter().map(|check| check.code.0).collect()
}

#[test]
fn every_message_is_plain_and_leads_to_a_finding_or_to_advice() {
    for message in MESSAGES {
        assert!(!message.means.is_empty());
        for text in message.texts {
            assert_eq!(plain(text), *text);
            let is_known = |check: &&Check| check.messages.iter().any(|own| plain(own) == *text);
            assert!(!message.advice.is_empty() || CHECKS.iter().any(is_known), "{text}");
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
        let found = codes(text);
        assert!(found.contains(code), "{text}: {found:?}");
    }
}

#[test]
fn what_is_no_message_finds_nothing() {
    assert!(find("hello there").is_none());
    assert!(find("").is_none());
}

/// What no edit of the state repairs is explained all the same; so are short and general words.
#[test]
fn messages_that_are_no_matter_of_files_are_known() {
    for text in [
        "listen EADDRINUSE: address already in use 127.0.0.1:18789",
        "another gateway instance is already listening on ws://127.0.0.1:18789",
        "Port 18789 is already in use.",
    ] {
        assert!(codes(text).is_empty(), "{text}");
        assert!(find(text).unwrap().message.advice.contains("openclaw gateway status"), "{text}");
    }
    for text in ["signature expired", "wrong clock"] {
        assert_eq!(codes(text), ["not-a-file-problem"], "{text}");
    }
    assert!(codes("1008").contains(&"cli-scopes-missing"));
    assert!(codes("Unauthorized").contains(&"shared-token-drift"));
    assert!(find("request 10083 of a1008-1008").is_none());
}
