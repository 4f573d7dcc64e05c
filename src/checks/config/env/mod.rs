//! Variables that beat the config.

mod address;

pub use address::{PORT, URL};

use super::at_next_start;
use super::file::in_editor;
use super::value::hosted;
use crate::checks::{Check, Stage};
use crate::config::facts::{Origin, Variables};
use crate::config::flags::Flags;
use crate::config::gateway::Setting;
use crate::config::model::AuthKind;
use crate::finding::{Code, Finding, Severity};
use crate::format::json5::path_text;
use crate::model::Model;
use crate::secret::Secret;
use crate::step::Step;

pub static TOKEN: Check = Check {
    code: Code("env-overrides-token"),
    modes: &["F05"],
    severity: Severity::Blocks,
    title: "a variable holds another shared token or password than the gateway",
    why: "The CLI uses OPENCLAW_GATEWAY_TOKEN before gateway.auth.token, and OPENCLAW_GATEWAY_PASSWORD before gateway.auth.password, but the gateway uses the config first (the CLI too, from 2026.8). So an \
          old variable in a shell, a `.env` file or a service makes the two differ. `--token` or `--password` in the service counts for the gateway before all of them.",
    repair: "Nothing: clawmend changes neither your shell nor `.env` nor service files.",
    by_hand: "unset OPENCLAW_GATEWAY_TOKEN (or OPENCLAW_GATEWAY_PASSWORD), remove it from the file that is named, or reinstall the service: openclaw \
              gateway install --force",
    messages: &[
        "gateway token mismatch",
        "gateway password mismatch",
        "device token mismatch",
        "unauthorized",
    ],
    stage: Some(Stage::Credential),
    find: |model, check| {
        let Some(gateway) = hosted(model) else { return vec![] };
        let token = Shown {
            name: "OPENCLAW_GATEWAY_TOKEN",
            of: |at| at.token.as_ref(),
            flag: |flags| flags.token.as_ref(),
        };
        let password = Shown {
            name: "OPENCLAW_GATEWAY_PASSWORD",
            of: |at| at.password.as_ref(),
            flag: |flags| flags.password.as_ref(),
        };
        let (one, setting, other) = match model.config.auth_kind() {
            AuthKind::Token => (token, &gateway.auth_token, password),
            AuthKind::Password => (password, &gateway.auth_password, token),
            AuthKind::None => return Vec::from_iter(asks_for_none(model, check)),
            AuthKind::Proxy | AuthKind::Unknown => return vec![],
        };
        let held = |by: &Shown, (at, secret)| Held { model, check, name: by.name, at, secret };
        if let Some(flag) = model.config.facts.flag(one.flag) {
            let is_ours = model.config.agreed_secret().is_some();
            let found = (!is_ours).then(|| held(&one, flag).by_flag(setting));
            return found.into_iter().collect();
        }
        // A word like `undefined` is a secret to the gateway, though a bad one.
        let own = setting.value().filter(|_| setting.is_filled());
        // The first place that sets it is the one the CLI goes by.
        let sent = match (one.first(model), own) {
            (Some(first), Some(own)) => held(&one, first).differs(own),
            (None, Some(_)) => None,
            (Some(first), None) => held(&one, first).alone(setting),
            (None, None) => other.first(model).and_then(|it| held(&other, it).alone(setting)),
        };
        let set_there = model.config.facts.of_the_service().filter_map(|at| {
            let secret = (one.of)(at)?;
            let is_only_there = || !setting.is_filled() && model.config.agreed_secret().is_none();
            let counts = own.map_or_else(is_only_there, |own| own != secret);
            counts.then(|| {
                let path = path_text(&setting.path);
                held(&one, (at, secret)).in_the_service(own, &path)
            })
        });
        sent.into_iter().chain(set_there).collect()
    },
    ..Check::BASE
};

/// A variable that the CLI shows as its shared secret.
struct Shown {
    name: &'static str,
    of: fn(&Variables) -> Option<&Secret>,
    /// What the gateway's command line says, before variables and config.
    flag: fn(&Flags) -> Option<&Secret>,
}

impl Shown {
    fn first<'m>(&self, model: &'m Model) -> Option<(&'m Variables, &'m Secret)> {
        model.config.facts.seen_by_cli().find_map(|at| Some((at, (self.of)(at)?)))
    }
}

/// A shared secret that one place sets, on its way into a finding.
struct Held<'m> {
    model: &'m Model,
    check: &'m Check,
    /// The variable.
    name: &'static str,
    at: &'m Variables,
    secret: &'m Secret,
}

impl Held<'_> {
    /// A finding about it, beside the config's own secret.
    fn about(&self, says: &str) -> Finding {
        let finding = self.check.finding(self.at.where_is(self.name), says);
        finding.note(format!("{} is {}", self.name, self.secret))
    }

    /// A secret that the CLI shows in place of its device token, and that the gateway may not know.
    fn alone(&self, setting: &Setting<Secret>) -> Option<Finding> {
        let Self { model, name, at, secret, .. } = self;
        let is_known = model.config.agreed_secret().as_deref() == Some(secret.expose().trim());
        let says = format!("the CLI sends {name}, and the config has no secret to compare it with");
        (!setting.is_filled() && !is_known).then(|| {
            self.about(&says)
                .by_hand([without(at, name)])
                .rated(Severity::Unchecked)
                .note("a gateway that was not started with the same variable refuses it")
        })
    }

    /// Another secret than the config's, where the CLI sends it.
    fn differs(&self, own: &Secret) -> Option<Finding> {
        let Self { model, name, at, .. } = self;
        if own == self.secret {
            return None;
        }
        let kind = match model.config.auth_kind() {
            AuthKind::Password => "password",
            _ => "token",
        };
        let says = format!("the CLI sends {name}, and that differs from the gateway's {kind}");
        let finding = self.about(&says);
        let hand = match at.place {
            Origin::Process => without(at, name),
            Origin::WorkingFolder | Origin::DotEnv => {
                let what = format!("remove {name}, or set it to the {kind} of the config");
                in_editor(std::path::Path::new(&at.at), None, &what)
            }
            _ => Step::text(format!(
                "in {}: remove {name}, or set it to the {kind} of the config",
                at.at
            )),
        };
        let finding = finding.note(format!("gateway.auth.{kind} is {own}")).by_hand([hand]);
        if model.config.config_first {
            return Some(
                finding
                    .rated(Severity::Info)
                    .note(format!("from 2026.8 the CLI uses the config's {kind} first")),
            );
        }
        Some(rated(model, finding))
    }

    /// A secret on the command line of the gateway's service: the gateway goes by it, and the CLI does not see it.
    fn by_flag(&self, setting: &Setting<Secret>) -> Finding {
        let Self { model, check, at, secret, .. } = self;
        let kind =
            if model.config.auth_kind() == AuthKind::Password { "password" } else { "token" };
        let path = path_text(&setting.path);
        let says =
            format!("the gateway's service sets --{kind}, and the CLI does not send that one");
        let remove =
            format!("put the value of --{kind} into {path}, and take --{kind} out of {}", at.at);
        let finding = check
            .finding(at.where_is(&format!("--{kind}")), says)
            .by_hand([Step::text(remove), Step::restart()])
            .note(format!("--{kind} is {secret}"))
            .notes(setting.value().map(|own| format!("{path} is {own}")));
        match sends(model) {
            (false, false) => finding.rated(Severity::Warning),
            _ => rated(model, finding),
        }
    }

    fn in_the_service(&self, own: Option<&Secret>, path: &str) -> Finding {
        let model = self.model;
        let says = match own {
            Some(_) => {
                "the gateway's service holds another secret than the config (the config's counts)"
            }
            None => {
                "the gateway gets its secret from its service, but the config, which the CLI reads, has none"
            }
        };
        let install = Step::run("openclaw", ["gateway", "install", "--force"])
            .after(format!("put the service's value into {path} too, then run"));
        let finding = self.about(says).by_hand([install]);
        let finding = finding.notes(own.map(|own| format!("{path} is {own}")));
        let sends_other = own.is_none()
            && model.config.agreed_secret().is_none()
            && sends(model) != (false, false);
        match sends_other {
            true => rated(model, finding)
                .note("the CLI shows another shared secret, which the gateway refuses"),
            false => finding.rated(Severity::Warning),
        }
    }
}

/// What takes a variable out of the CLI's environment.
fn without(at: &Variables, name: &str) -> Step {
    match at.place {
        Origin::Process => {
            Step::run("unset", [name]).note("and remove it from your shell's start files")
        }
        Origin::WorkingFolder | Origin::DotEnv => {
            let what = format!("remove the line of {name}");
            in_editor(std::path::Path::new(&at.at), None, &what)
        }
        _ => Step::text(format!("remove {name} from {}", at.at)),
    }
}

/// Rates that the gateway refuses what the CLI shows: less than a lockout where the CLI shows its device token too. Up to 2026.2.12 it does
/// so first, up to 2026.2.26 beside a password alone. Later ones have a second try with it, but a command ends with the first (2026.5.28
/// refuses; code of 2026.3.13 to 2026.7.1).
fn rated(model: &Model, finding: Finding) -> Finding {
    let (sends_token, _) = sends(model);
    let shows_device = model.by_release(|release| {
        !release.is_from("2026.2.13") || !sends_token && !release.is_from("2026.3.1")
    });
    match shows_device {
        _ if !model.tokens_agree() => finding,
        Some(true) => finding.rated(Severity::Warning),
        Some(false) => finding,
        None => finding.rated(Severity::Unchecked),
    }
}

/// Whether the CLI has a shared token to show, and whether a password.
fn sends(model: &Model) -> (bool, bool) {
    let of_the_cli = || model.config.facts.seen_by_cli();
    let set = |settings: [&Setting<Secret>; 2]| settings.iter().any(|one| one.is_filled());
    let Some(gateway) = hosted(model) else { return (false, false) };
    (
        set([&gateway.auth_token, &gateway.remote_token])
            || of_the_cli().any(|at| at.token.is_some()),
        set([&gateway.auth_password, &gateway.remote_password])
            || of_the_cli().any(|at| at.password.is_some()),
    )
}

/// `--auth none` on the command line of the gateway's service. A CLI from 2026.7.1 on shows the config's secret and no device, and the
/// gateway then wants a device (seen on 2026.9.6). So does one of 2026.4.29, 2026.5.4 and 2026.5.7, with or without a secret (seen; those of
/// 2026.2.26, 2026.3.24, 2026.4.8, 2026.5.12 and later are in with a secret).
fn asks_for_none(model: &Model, check: &Check) -> Option<Finding> {
    let (at, _) = model.config.facts.flag(|flags| flags.auth.as_deref())?;
    let own = hosted(model)?.auth_mode.value();
    if own.is_some_and(|mode| mode == "none") {
        return None;
    }
    let has_secret = sends(model) != (false, false);
    let shows_no_device = model.by_release(|release| {
        let (first, last) =
            if has_secret { ("2026.7.1", "2026.5.8") } else { ("2026.8.1", "2026.8.1") };
        has_secret && release.is_from(first)
            || release.is_from("2026.4.29") && !release.is_from(last)
    });
    let shows = if has_secret {
        "shows the secret of the config, and then"
    } else {
        "has no secret, and shows"
    };
    let says = format!("the gateway's service sets --auth none, but the CLI {shows} no device");
    let remove = format!("take --auth out of {}, or set gateway.auth.mode to \"none\"", at.at);
    let finding =
        check.finding(at.where_is("--auth"), says).by_hand([Step::text(remove), Step::restart()]);
    finding.where_so(shows_no_device, "an older CLI shows its device too")
}

pub static ELSEWHERE: Check = Check {
    code: Code("service-other-state-dir"),
    modes: &["F22"],
    severity: Severity::Warning,
    title: "the gateway's service uses another state dir",
    why: "Gateway and CLI must use the same state dir: each has its own identity and stores, and an approval in one has no effect in the \
          other.",
    repair: "Nothing: clawmend changes only the state dir that it shows.",
    by_hand: "Look at that state dir with clawmend's `--state-dir PATH`, or reinstall the service: `openclaw gateway install --force`",
    messages: &[
        "using a different OPENCLAW_PROFILE or OPENCLAW_STATE_DIR",
        "local fallback pairing state does not contain the gateway request",
    ],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let services = model.config.facts.variables.iter();
        let mut elsewhere = services.filter(|at| at.place == Origin::Service);
        let (at, dir) = elsewhere.find_map(|at| Some((at, at.other_state_dir.as_ref()?)))?;
        let says = "the gateway's service on this machine uses another state dir";
        let look = Step::look_at(dir).after("to look at it");
        let finding = check.finding(at.where_is("OPENCLAW_STATE_DIR"), says).by_hand([look]);
        let finding = finding.seen("OPENCLAW_STATE_DIR there", crate::platform::shown(dir));
        let finding = finding.seen("this one", crate::platform::shown(&model.facts.state_dir));
        // The gateway that a CLI of this state reaches then is the other one, if none of this state runs (2026.6.35 refuses it).
        Some(finding.rated_if(!model.facts.gateway.runs(), Severity::Unchecked))
    },
    ..Check::BASE
};

pub static UNREAD: Check = Check {
    code: Code("env-file-unread"),
    modes: &["F05"],
    severity: Severity::Blocks,
    title: "a file with the service's variables is missing, or could not be read",
    why: "The unit of the gateway's service names files that set variables (EnvironmentFile=). If such a file is not there, and \
          there is no `-` before its name, systemd does not start the service. If it is there and cannot be read, nobody can say \
          which values the gateway uses: it can hold another token, port or state dir.",
    repair: "Nothing: clawmend changes no service files.",
    by_hand: "If the file is missing, make it, or put a `-` before its name in the unit. Else see which variables it sets: \
              sudo grep -o '^OPENCLAW_[A-Z_]*' FILE. Or run clawmend as a user who may read the file.",
    messages: &["Failed to load environment files"],
    stage: Some(Stage::Credential),
    find: |model, check| {
        if model.config.is_client() {
            return vec![];
        }
        let services = || model.config.facts.of_the_service();
        let missing = services()
            .flat_map(|at| at.missing.iter().map(move |file| missing(model, check, at, file)));
        let unread =
            services().flat_map(|at| at.unread.iter().map(move |file| unread(check, at, file)));
        missing.chain(unread).collect()
    },
    ..Check::BASE
};

fn missing(model: &Model, check: &Check, at: &Variables, file: &str) -> Finding {
    let says = format!(
        "the gateway's service needs the file {file}, which is not there: systemd does not start the service"
    );
    let make = Step::run("touch", [file])
        .after("make the file (an empty one is enough)")
        .note("or put a `-` before its name in the EnvironmentFile= line: then it may be missing");
    at_next_start(model, check.finding(at.where_is("EnvironmentFile"), says).by_hand([make]))
}

fn unread(check: &Check, at: &Variables, file: &str) -> Finding {
    let says = format!(
        "the gateway's service reads variables from {file}, and clawmend could not read that file"
    );
    // What only systemd can fill in is no name of a file.
    let look = match file.starts_with('/') && !file.contains(['%', '*', '?', '[']) {
        true => Step::run("sudo", ["grep", "-o", "^OPENCLAW_[A-Z_]*", file])
            .after("see which variables of OpenClaw it sets (names only)")
            .note(
                "if the file is not there, make it: systemd does not start the service without it",
            ),
        false => Step::text(format!(
            "in {}: write the whole path of the file, without `%` and patterns",
            at.at
        )),
    };
    let token = "if OPENCLAW_GATEWAY_TOKEN is in it, it must be the config's token; OPENCLAW_GATEWAY_PORT and OPENCLAW_STATE_DIR must not name others than here";
    let finding = check.finding(at.where_is("EnvironmentFile"), says).by_hand([look, token.into()]);
    finding.rated(Severity::Unchecked)
}

pub static OLD_NAMES: Check = Check {
    code: Code("env-old-names"),
    modes: &["F05"],
    severity: Severity::Info,
    title: "variables with old names are set",
    why: "Up to 2026.3.13 OpenClaw used variables that begin with CLAWDBOT_ if the OPENCLAW_ variable was not set. Later \
          releases ignore them, and those that begin with MOLTBOT_, and do not say so.",
    repair: "Nothing: clawmend changes neither your shell nor `.env` nor service files.",
    by_hand: "Set the same variable with OPENCLAW_ in front if you still need it, and remove the old one.",
    find: |model, check| {
        let places = model.config.facts.variables.iter();
        let named = places.filter_map(|at| Some((at, *at.old_names().first()?)));
        let found = named.map(|(at, first)| {
            let says = match model.config.facts.reads_old_names {
                true => "variables with old names are set: this release still uses CLAWDBOT_ ones, later releases ignore them",
                false => "variables with old names are set, which this release ignores",
            };
            let step =
                format!("in {}: write OPENCLAW_ in front of the names, or remove them", at.at);
            check.finding(at.where_is(first), says).by_hand([step]).note(at.old_names().join(", "))
        });
        found.collect()
    },
    ..Check::BASE
};
