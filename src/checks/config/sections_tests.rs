//! What OpenClaw refuses of the other sections, and what it takes.

use super::super::tests::{facts, found_with};
use crate::finding::Severity;

fn found(section: &str) -> Vec<(String, Severity)> {
    found_by("2026.5.12", section)
}

fn found_by(release: &str, section: &str) -> Vec<(String, Severity)> {
    let config = format!(
        "{{ meta: {{ lastTouchedVersion: '{release}' }}, {section}, gateway: {{ mode: 'local', auth: {{ mode: 'token', token: 'tttttttttttttttttttttttt' }} }} }}"
    );
    let found = found_with(Some(&config), facts()).into_iter();
    found
        .filter(|one| one.severity.fails())
        .map(|one| (one.code.0.to_owned(), one.severity))
        .collect()
}

/// Seen on 2026.5.12 and 2026.9.3.
#[test]
fn what_is_refused_beyond_types_blocks() {
    for section in [
        "agents: { defaults: { heartbeat: { every: 'abc' } } }",
        "agents: { list: [{ id: 'a', heartbeat: { every: '5x' } }] }",
        "cron: { sessionRetention: 'abc' }",
        "agents: { defaults: { sandbox: { docker: { network: 'host' } } } }",
        "agents: { list: [{ id: 'a', agentDir: '~/x' }, { id: 'b', agentDir: '~/x' }] }",
        "agents: { list: [{ id: 'main', identity: { avatar: '../../x.png' } }] }",
        "agents: { list: [{ id: 'main', identity: { avatar: '~/x.png' } }] }",
        "agents: { list: [{ id: 'a' }] }, broadcast: { strategy: 'parallel', 'x@g.us': ['a', 'b'] }",
        "agents: { defaults: { heartbeat: { every: '30m', activeHours: { start: '8:00', end: '22:00' } } } }",
        "browser: { profiles: { work: { color: '#FF4500' } } }",
        "session: { maintenance: { pruneAfter: '30 days' } }",
        "session: { maintenance: { maxDiskBytes: 'lots' } }",
        "cron: { runLog: { maxBytes: 'x' } }",
        "agents: { defaults: { sandbox: { docker: { binds: ['/a:/b', './x:/x'] } } } }",
        "tools: { allow: ['a'], alsoAllow: ['b'] }",
        "tools: { byProvider: { x: { allow: ['a'], alsoAllow: ['b'] } } }",
        "agents: { list: [{ id: 'a', tools: { allow: ['a'], alsoAllow: ['b'] } }] }",
    ] {
        assert_eq!(
            found(section),
            [("config-section-refused".to_owned(), Severity::Blocks)],
            "{section}"
        );
    }
    for section in [
        "channels: { foochat: {} }",
        "agents: { defaults: { heartbeat: { target: 'nochannel' } } }",
        "plugins: { slots: { memory: 'memory-nothere' } }",
        "env: { vars: { OPENCLAW_STATE_DIR: '/else' } }",
    ] {
        assert_eq!(
            found(section),
            [("config-section-refused".to_owned(), Severity::Unchecked)],
            "{section}"
        );
    }
    for section in [
        "agents: { defaults: { heartbeat: { every: '1h30m', target: 'last' } } }",
        "agents: { defaults: { heartbeat: { every: '0m' } } }",
        "cron: { sessionRetention: false }",
        "cron: { sessionRetention: '24h' }",
        "channels: { telegram: {}, defaults: {} }",
        "channels: { foochat: {} }, plugins: { entries: { foochat: { enabled: true } } }",
        "plugins: { slots: { memory: 'none' } }",
        "bindings: [{ agentId: 'ghost', match: { channel: 'telegram' } }]",
        "broadcast: { 'x@g.us': ['b'] }",
        "agents: { defaults: { heartbeat: { activeHours: { start: '08:00', end: '24:00' } } } }",
        "browser: { profiles: { work: { cdpPort: 18801, color: '#FF4500' } } }",
        "env: { vars: { OPENCLAW_STATE_DIR: '/s' } }",
        "agents: { list: [{ id: 'a', identity: { avatar: 'pictures/../a.png' } }, { id: 'b', identity: { avatar: 'https://x/y.png' } }] }",
    ] {
        assert_eq!(found(section), [], "{section}");
    }
    let ghost = "bindings: [{ agentId: 'ghost', match: { channel: 'telegram' } }]";
    assert_eq!(found_by("2026.9.3", ghost).len(), 1);
    assert_eq!(found_by("2026.8.2", "talk: { agentId: 'ghost' }").len(), 1);
    assert_eq!(found_by("2026.8.2", "talk: { agentId: 'Main' }"), []);
    let ghost = format!("{ghost}, agents: {{ entries: {{ Ghost: {{}} }} }}");
    assert_eq!(found_by("2026.9.3", &ghost), []);
}

/// Seen on 2026.3.13, 2026.4.14, 2026.5.3, 2026.5.12, 2026.5.27 and 2026.6.35 (`config validate`).
#[test]
fn what_depends_on_the_release_is_asked_of_it() {
    let blocks = [("config-section-refused".to_owned(), Severity::Blocks)];
    let untold = [("config-section-refused".to_owned(), Severity::Unchecked)];
    let search = |name: &str| format!("tools: {{ web: {{ search: {{ provider: '{name}' }} }} }}");
    for (release, section, told) in [
        ("2026.4.14", search("brave"), &[][..]),
        ("2026.5.3", search("brave"), &untold),
        ("2026.5.3", search("perplexity"), &[]),
        ("2026.6.35", search("perplexity"), &untold),
        ("2026.6.35", search("gemini"), &[]),
        (
            "2026.5.12",
            "agents: { defaults: { heartbeat: { activeHours: { start: '8' } } } }".to_owned(),
            &[],
        ),
        ("2026.5.27", "channels: { webchat: { enabled: true } }".to_owned(), &untold),
        ("2026.5.27", "channels: { bluebubbles: { enabled: true } }".to_owned(), &untold),
        ("2026.3.13", "channels: { telegram: { dmPolicy: 'open' } }".to_owned(), &blocks),
        (
            "2026.3.13",
            "channels: { telegram: { dmPolicy: 'open', allowFrom: ['*'] } }".to_owned(),
            &[],
        ),
        ("2026.5.27", "channels: { telegram: { dmPolicy: 'open' } }".to_owned(), &[]),
        ("2026.4.14", "session: { maintenance: { rotateBytes: 'x' } }".to_owned(), &blocks),
        ("2026.5.12", "session: { maintenance: { rotateBytes: 'x' } }".to_owned(), &[]),
        ("2026.5.27", "proxy: { enabled: true }".to_owned(), &blocks),
        ("2026.5.27", "proxy: { enabled: true, proxyUrl: 'HTTP://p:8' }".to_owned(), &[]),
        ("2026.5.27", "proxy: { enabled: false }".to_owned(), &[]),
        ("2026.9.3", "proxy: { enabled: true }".to_owned(), &[]),
    ] {
        assert_eq!(found_by(release, &section), told, "{release} {section}");
    }
}
