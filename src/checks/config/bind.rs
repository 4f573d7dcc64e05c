//! `gateway.bind`: which addresses the gateway listens on.

use super::wanted::{self, Choice};
use super::{Rule, gateway, place, repair, shown};
use crate::config::gateway::Field;
use crate::config::words::{BindAlias, bind_alias};
use crate::finding::{Code, Mend, Severity};

pub static INVALID: Rule = Rule {
    code: Code("gateway-bind-invalid"),
    modes: &["F15"],
    severity: Severity::Blocks,
    title: "gateway.bind is not a word that OpenClaw knows",
    why: "`gateway.bind` is one of loopback, lan, tailnet, auto, custom. With anything else the gateway does not start, and from \
          2026.2.19 the CLI refuses all commands too. (Late releases turn an address such as 127.0.0.1 into its word at their \
          start; earlier ones leave that to `openclaw doctor --fix`.)",
    mends: "`local`, 127.0.0.1 and the like become `loopback` (this machine only); 0.0.0.0 and the like become `lan` where a shared \
            token or password guards it, else `loopback`. Other words become `loopback`, or what --bind says. `loopback` keeps \
            other machines out (use a tunnel or a proxy on this machine for them); `lan` lets everything on the network try.",
    by_hand: "Set gateway.bind to \"loopback\" in openclaw.json, then restart the gateway.",
    messages: &[
        "gateway.bind: Invalid input",
        "Invalid --bind",
        "gateway.bind host aliases",
        "allowed: \"auto\", \"lan\", \"loopback\", \"custom\", \"tailnet\"",
    ],
    run: |model, rule| {
        let Some(bind) = gateway(model).map(|gateway| &gateway.bind) else {
            return vec![];
        };
        let Some(wanted) = wanted::bind(model, &Choice::default()) else {
            return vec![];
        };
        let word = wanted.new.as_str().unwrap_or_default();
        let says = match &bind.field {
            Field::Wrong(_) => "gateway.bind is not a word",
            _ => "gateway.bind is not a word that OpenClaw knows",
        };
        let mend = wanted.mend(model, format!("set gateway.bind to \"{word}\""));
        let offers_lan = word == "loopback" && matches!(mend, Mend::Repair(_));
        let mut finding = rule.finding(place(model, bind), says, mend).seen(shown(bind));
        let alias = bind.value().and_then(|word| bind_alias(word));
        if offers_lan && model.config.is_guarded() {
            let other = repair("--bind lan");
            finding = finding.seen(format!("if other machines need the gateway: {other}"));
        } else if matches!(alias, Some(BindAlias::Everywhere)) && word == "loopback" {
            finding =
                finding.seen("every address needs a shared token or password, and none is set");
        }
        vec![finding]
    },
};
