//! `gateway.mode`: whether this machine runs the gateway or is a client of one elsewhere.

use super::wanted::Wanted;
use super::{Rule, config_name, gateway, place, runs, shown, wanted};
use crate::config::gateway::Setting;
use crate::config::model::Host;
use crate::finding::{Code, Mend, Severity};
use crate::model::Model;
use crate::secret::shown::url as shown_url;

pub static MISSING: Rule = Rule {
    code: Code("gateway-mode-missing"),
    modes: &["F08"],
    severity: Severity::Blocks,
    title: "gateway.mode is missing, or not a word that OpenClaw knows",
    why: "A gateway starts only if its config says `gateway.mode: \"local\"` (or with --allow-unconfigured): a config without it \
          looks damaged to OpenClaw, and some releases put an older copy in its place.",
    mends: "gateway.mode becomes `local`.",
    by_hand: "Set gateway.mode to \"local\" in openclaw.json, then start the gateway.",
    messages: &[
        "Gateway start blocked: existing config is missing gateway.mode",
        "set gateway.mode=local (current: unset)",
        "gateway-mode-missing-vs-last-good",
        "Missing config. Run `openclaw setup` or set gateway.mode=local",
    ],
    run: |model, rule| {
        let Some((wanted, mode)) = to_set(model, rule) else {
            return vec![];
        };
        let says = if mode.is_missing() {
            "gateway.mode is missing"
        } else {
            "gateway.mode is not a word that OpenClaw knows"
        };
        let mend = wanted.mend(model, "set gateway.mode to \"local\"");
        let finding = rule.finding(place(model, mode), says, mend).seen(shown(mode));
        vec![if mode.is_missing() && runs(model) {
            finding.at_worst(Severity::Warning).seen(
                "the gateway that runs now was started before this, or with --allow-unconfigured",
            )
        } else {
            finding
        }]
    },
};

/// The mode to set, and the one that is there, where the rule is about it.
fn to_set<'m>(model: &'m Model, rule: &Rule) -> Option<(Wanted, &'m Setting<String>)> {
    let wanted = wanted::mode(model).filter(|wanted| wanted.codes.contains(&rule.code))?;
    Some((wanted, &gateway(model)?.mode))
}

pub static REMOTE: Rule = Rule {
    code: Code("gateway-mode-remote"),
    modes: &["F08"],
    severity: Severity::Blocks,
    title: "gateway.mode is `remote` on the gateway's own host",
    why: "`remote` says that the gateway is another machine's. On the gateway's own host the gateway then refuses to start, and the \
          CLI goes to gateway.remote.url with another token.",
    mends: "gateway.mode becomes `local`. (Where this machine is meant to be a client only, use `--only pairing`.)",
    by_hand: "Set gateway.mode to \"local\" in openclaw.json, then start the gateway.",
    messages: &[
        "Gateway start blocked: set gateway.mode=local (current: remote)",
        "gateway remote mode misconfigured: gateway.remote.url missing",
    ],
    run: |model, rule| {
        let Some((wanted, mode)) = to_set(model, rule) else {
            return vec![];
        };
        let mend = wanted.mend(model, "set gateway.mode to \"local\"");
        let says = "gateway.mode is \"remote\", but this is the gateway's own host";
        let mut finding = rule.finding(place(model, mode), says, mend);
        if let Host::Gateway(signs) = &model.config.host {
            for sign in signs {
                finding = finding.seen(sign.clone());
            }
        }
        vec![finding]
    },
};

pub static CLIENT: Rule = Rule {
    code: Code("remote-client"),
    modes: &["F22"],
    severity: Severity::Unchecked,
    title: "this machine is only a client of a gateway elsewhere",
    why: "Who may use a gateway is kept on the gateway's own host. On a client `gateway.mode: \"remote\"` is right, there is nothing to \
          mend here, and what is stored there cannot be seen from here.",
    mends: "Nothing here: run clawmend on the gateway's host.",
    by_hand: "Run clawmend on the gateway's host: its `devices` shows this machine's request, and `approve REQUEST_ID` lets it in.",
    messages: &["No stored device auth for this gateway origin"],
    run: |model, rule| {
        let Host::Client(url) = &model.config.host else {
            return vec![];
        };
        let mend = Mend::ByHand(vec![
            "run clawmend on the gateway host:".into(),
            "clawmend    (there)".into(),
        ]);
        let says =
            "this machine is only a client: the gateway, and who may use it, is on another host";
        let mut finding = rule
            .finding(config_name(model), says, mend)
            .seen("gateway.mode is \"remote\", and no device is paired here")
            .seen(format!("the gateway is at {}", shown_url(url)));
        if let Some(id) = model.local_id() {
            finding = finding.seen(format!("this machine's device id is {id}"));
        }
        vec![finding]
    },
};
