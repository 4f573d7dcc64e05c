//! `hooks`: what the gateway refuses of the webhooks at its start, beyond their schema.

use std::path::Path;

use serde_json::Value;

use super::value::hosted;
use super::{at_next_start, place_of};
use crate::checks::{Check, Stage};
use crate::config::paths::normalize;
use crate::config::release::Release;
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;

pub static REFUSED: Check = Check {
    code: Code("hooks-refused"),
    severity: Severity::Blocks,
    title: "the webhooks are set up in a way that the gateway refuses",
    why: "While hooks.enabled is true, the gateway checks the webhooks at its start, and does not start if their path, their session keys or their scripts do not fit its rules.",
    repair: "Nothing: only you know what calls the webhooks.",
    by_hand: "Correct the webhooks in openclaw.json, or set hooks.enabled to false; then start the gateway.",
    messages: &[
        "hooks.path may not be",
        "hooks.defaultSessionKey must match",
        "hooks.allowedSessionKeyPrefixes must include",
        "hooks.allowedSessionKeyPrefixes is required",
        "module path must be within",
    ],
    stage: Some(Stage::Config),
    // Seen on 2026.6.9 and 2026.9.3; code of 2026.2.6 to 2026.9.6.
    find: |model, check| {
        let hooks = Hooks { model, check };
        let is_on =
            hosted(model).is_some_and(|gateway| gateway.hooks_enabled.value() == Some(&true));
        let found = [hooks.path(), hooks.keys(), hooks.templates(), hooks.scripts()];
        let found = found.into_iter().flatten().filter(|_| is_on);
        found.map(|finding| at_next_start(model, finding)).collect()
    },
    ..Check::BASE
};

struct Hooks<'m> {
    model: &'m Model,
    check: &'m Check,
}

impl<'m> Hooks<'m> {
    fn raw(&self, key: &str) -> Option<&'m Value> {
        self.model.config.raw(&["hooks".to_owned(), key.to_owned()])
    }

    fn text(&self, key: &str) -> Option<&'m str> {
        self.raw(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn list(&self, key: &str) -> &'m [Value] {
        self.raw(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn says(&self, key: &str, says: &str, hand: &str) -> Option<Finding> {
        let path = ["hooks".to_owned(), key.to_owned()];
        let owner = self.model.config.whole()?.resolved.place_for(&path);
        Some(self.check.finding(place_of(self.model, &path, &owner), says).by_hand([hand]))
    }

    /// Where the releases that may run here do not agree.
    fn since(&self, finding: Finding, first: &str) -> Option<Finding> {
        let is_so = self.model.by_release(|release: Release| release.is_from(first));
        finding.where_so(is_so, &format!("releases before {first} start"))
    }

    fn path(&self) -> Option<Finding> {
        let says = "hooks.path is \"/\", and the gateway does not start with that";
        (self.text("path")? == "/")
            .then(|| self.says("path", says, "set hooks.path to \"/hooks\", or take it out"))?
    }

    fn prefixes(&self) -> Vec<String> {
        let texts = self.list("allowedSessionKeyPrefixes").iter().filter_map(Value::as_str);
        texts.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty()).collect()
    }

    fn keys(&self) -> Option<Finding> {
        let prefixes = self.prefixes();
        let fits = |key: &str| prefixes.iter().any(|prefix| key.to_lowercase().starts_with(prefix));
        let (is_wrong, says) = match self.text("defaultSessionKey") {
            Some(key) => (
                !fits(key),
                "hooks.defaultSessionKey begins with none of hooks.allowedSessionKeyPrefixes",
            ),
            None => (
                !fits("hook:example"),
                "hooks.allowedSessionKeyPrefixes does not have \"hook:\", and there is no hooks.defaultSessionKey",
            ),
        };
        let hand =
            "add the right beginning to hooks.allowedSessionKeyPrefixes, for example \"hook:\"";
        let finding = self.says("allowedSessionKeyPrefixes", says, hand)?;
        (is_wrong && !prefixes.is_empty()).then(|| self.since(finding, "2026.2.12"))?
    }

    /// A session key that is made of what the caller sends.
    fn templates(&self) -> Option<Finding> {
        let is_template = |each: &Value| {
            let key = each.get("sessionKey").and_then(Value::as_str).unwrap_or_default();
            key.split_once("{{")
                .is_some_and(|(_, rest)| rest.split('}').next() != Some("") && rest.contains("}}"))
        };
        let mappings = self.list("mappings");
        let preset = self.list("presets").iter().any(|preset| preset == "gmail");
        let is_wrong = preset || mappings.iter().any(is_template);
        if !is_wrong || !self.prefixes().is_empty() {
            return None;
        }
        let says = "a webhook makes its session key of what the caller sends, and hooks.allowedSessionKeyPrefixes is missing";
        let hand = "set hooks.allowedSessionKeyPrefixes to [\"hook:\"]";
        let finding = self.says("allowedSessionKeyPrefixes", says, hand)?;
        let shadows = preset && !mappings.is_empty() && !mappings.iter().any(is_template);
        let note = "whether another webhook takes the place of the preset is not looked at";
        let finding = finding.rated_if(shadows, Severity::Unchecked).note_if(shadows, note);
        self.since(finding, TEMPLATES_SINCE)
    }

    /// Scripts lie in `hooks/transforms` beside the config.
    fn scripts(&self) -> Option<Finding> {
        let mappings = self.list("mappings");
        if mappings.is_empty() && self.list("presets").is_empty() {
            return None;
        }
        let base = self.model.config.path.parent()?.join("hooks").join("transforms");
        let folder = self.text("transformsDir").map_or(base.clone(), |text| base.join(text));
        let module = |each: &'m Value| each.get("transform")?.get("module")?.as_str();
        let is_wrong = |of: &Path, path: &Path| !normalize(path).starts_with(normalize(of));
        let (key, says) = if is_wrong(&base, &folder) {
            ("transformsDir", "hooks.transformsDir leads out of hooks/transforms beside the config")
        } else if mappings
            .iter()
            .filter_map(module)
            .any(|name| is_wrong(&folder, &folder.join(name.trim())))
        {
            ("mappings", "the script of a webhook leads out of hooks.transformsDir")
        } else {
            return None;
        };
        let hand = "put the scripts into hooks/transforms beside openclaw.json, and name them by their path from there";
        self.since(self.says(key, says, hand)?, "2026.2.17")
    }
}

/// In the code of 2026.4.24, and not of 2026.4.14; the change that brought it is of 2026-04-20.
const TEMPLATES_SINCE: &str = "2026.4.20";

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, facts, found_with};

    fn found(release: &str, hooks: &str) -> Vec<String> {
        let config = format!(
            "{{ meta: {{ lastTouchedVersion: '{release}' }}, hooks: {{ enabled: true, token: 'a-token-of-its-own', {hooks} }}, gateway: {{ mode: 'local', auth: {{ mode: 'token', token: 'tttttttttttttttttttttttt' }} }} }}"
        );
        codes(&found_with(Some(&config), facts())).into_iter().map(str::to_owned).collect()
    }

    /// Seen on 2026.6.9 and 2026.9.3.
    #[test]
    fn webhooks_that_the_gateway_refuses_block() {
        for hooks in [
            "path: '/'",
            "presets: ['gmail']",
            "defaultSessionKey: 'main', allowedSessionKeyPrefixes: ['hook:']",
            "allowedSessionKeyPrefixes: ['agent:']",
            "mappings: [{ match: { path: 'x' }, sessionKey: 'hook:{{ id }}' }]",
            "transformsDir: '/tmp', mappings: [{ match: { path: 'x' } }]",
            "mappings: [{ match: { path: 'x' }, transform: { module: '../../x.mjs' } }]",
        ] {
            assert_eq!(found("2026.6.9", hooks), ["hooks-refused"], "{hooks}");
        }
        for hooks in [
            "path: '/x/'",
            "presets: ['gmail'], allowedSessionKeyPrefixes: ['Hook:']",
            "defaultSessionKey: 'Hook:main', allowedSessionKeyPrefixes: ['hook:']",
            "transformsDir: '/tmp'",
            "mappings: [{ match: { path: 'x' }, transform: { module: 'x.mjs' } }]",
        ] {
            assert_eq!(found("2026.6.9", hooks), [""; 0], "{hooks}");
        }
        assert_eq!(found("2026.4.14", "presets: ['gmail']"), [""; 0]);
        assert_eq!(
            found("2026.2.9", "allowedSessionKeyPrefixes: ['agent:']"),
            ["config-unknown-key"]
        );
    }
}
