//! Where in OpenClaw's files a value may be shown, by the whole path from the root, and which key names
//! are OpenClaw's own. Whatever is not listed here is masked.

use super::shape::Shape;

/// Every key that some release knows directly under `gateway`.
pub const GATEWAY_KEYS: &[&str] = &[
    "port",
    "mode",
    "bind",
    "controlUi",
    "auth",
    "trustedProxies",
    "tailscale",
    "remote",
    "reload",
    "tls",
    "http",
    "nodes",
    "tools",
    "channelHealthCheckMinutes",
    "customBindHost",
    "allowRealIpFallback",
    "push",
    "webchat",
    "channelStaleEventThresholdMinutes",
    "channelMaxRestartsPerHour",
    "handshakeTimeoutMs",
    "terminal",
    "publicOrigin",
    "cliAgents",
    "roles",
    "portals",
];

/// Every key that some release knows at the root of the config.
pub const ROOT_KEYS: &[&str] = &[
    "$schema",
    "$include",
    "meta",
    "env",
    "wizard",
    "diagnostics",
    "logging",
    "update",
    "browser",
    "ui",
    "auth",
    "models",
    "nodeHost",
    "agents",
    "tools",
    "bindings",
    "broadcast",
    "audio",
    "media",
    "messages",
    "commands",
    "approvals",
    "session",
    "cron",
    "hooks",
    "web",
    "channels",
    "discovery",
    "canvasHost",
    "talk",
    "gateway",
    "memory",
    "skills",
    "plugins",
    "secrets",
    "acp",
    "cli",
    "mcp",
    "crestodian",
    "accessGroups",
    "security",
    "transcripts",
    "commitments",
    "surfaces",
    "proxy",
    "tui",
    "audit",
    "marketplaces",
    "telemetry",
    "worktreeRoot",
    "worktreeAcceleration",
    "attachments",
    "tts",
    "cloudWorkers",
    "desktop",
];

/// Keys further down that say where in a file one is.
const INNER_KEYS: &[&str] = &[
    "token",
    "password",
    "allowTailscale",
    "trustedProxy",
    "userHeader",
    "allowLoopback",
    "url",
    "transport",
    "sshTarget",
    "enabled",
    "basePath",
    "allowedOrigins",
    "allowInsecureAuth",
    "resetOnExit",
    "lastTouchedVersion",
    "lastTouchedAt",
    "source",
    "provider",
    "id",
    "profiles",
];

/// Fields of the pairing store beside the columns of its tables.
const RECORD_KEYS: &[&str] = &[
    "version",
    "token",
    "rotatedAtMs",
    "revokedAtMs",
    "lastUsedAtMs",
    "issuer",
    "privateKey",
    "issuedAtMs",
    "setupId",
];

/// Whether a word is the name of a field of OpenClaw's own, and so never a secret.
pub fn is_known_key(word: &str) -> bool {
    let columns = crate::model::layout::Part::ALL.into_iter().map(|part| part.columns());
    [ROOT_KEYS, GATEWAY_KEYS, INNER_KEYS, RECORD_KEYS].iter().any(|keys| keys.contains(&word))
        || columns.into_iter().flatten().any(|column| column.field == word)
}

/// Whether a key may be shown in a text that parses: a known one, or one that reads like a name of a
/// field. What is long, has spaces or more than a few digits is a name, a number or a token of somebody.
pub fn shows_key(key: &str) -> bool {
    let letters = key.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$.".contains(&b));
    is_known_key(key)
        || is_plain && key.len() <= 28 && digits <= 2 && letters > digits && !key.starts_with('-')
}

/// What belongs at a path of the config. A list's elements have the path of the list.
pub fn config(path: &[&str]) -> Option<Shape> {
    Some(match path {
        [.., "$include"] => Shape::File,
        ["$schema"] => Shape::Url,
        ["meta", "lastTouchedVersion"] => Shape::Version,
        ["meta", "lastTouchedAt"] => Shape::Date,
        ["gateway", rest @ ..] => match rest {
            ["mode"] => Shape::Near(&["local", "remote"]),
            ["bind"] => Shape::Bind,
            ["port"] => Shape::Port,
            ["customBindHost"] | ["trustedProxies"] => Shape::Address,
            ["auth", "mode"] => Shape::Near(&["none", "token", "password", "trusted-proxy"]),
            ["auth" | "remote", "token" | "password", "source"] => {
                Shape::Word(&["env", "file", "exec", "store"])
            }
            ["remote", "url"] | ["controlUi", "allowedOrigins"] => Shape::Url,
            ["remote", "transport"] => Shape::Word(&["direct", "ssh"]),
            ["tailscale", "mode"] => Shape::Near(&["off", "serve", "funnel"]),
            ["controlUi", "basePath"] => Shape::Page,
            _ => return None,
        },
        _ => return None,
    })
}

/// What belongs into a field of a record of the pairing store, by its path in the record.
pub fn record(path: &[&str]) -> Option<Shape> {
    Some(match path {
        ["deviceId"] => Shape::DeviceId,
        ["requestId"] => Shape::RequestId,
        ["publicKey"] => Shape::PublicKey,
        ["displayName" | "operatorLabel"] => Shape::Name,
        ["platform" | "deviceFamily"] => Shape::Platform,
        ["clientId"] => Shape::Client,
        ["clientMode"] => Shape::CLIENT_MODE,
        ["browserOrigin"] => Shape::Url,
        ["role" | "roles"] | ["tokens", _, "role"] => Shape::ROLE,
        ["scopes" | "approvedScopes"] | ["tokens", _, "scopes"] => Shape::Scope,
        ["remoteIp"] => Shape::Address,
        ["approvedVia"] => Shape::Word(&[
            "owner",
            "silent",
            "trusted-cidr",
            "trusted-proxy",
            "ssh-verified",
            "bootstrap",
        ]),
        ["identityKey"] => Shape::Word(&["primary"]),
        ["version"] => Shape::Word(&["1"]),
        ["silent" | "isRepair"] => Shape::Word(&["0", "1"]),
        ["ts"] => Shape::Time,
        [name] | ["tokens", _, name] if name.ends_with("AtMs") => Shape::Time,
        _ => return None,
    })
}
