//! What a check is: one record with everything that clawmend knows of one kind of trouble.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::finding::{Code, Finding, Place, Remedy, Severity};
use crate::image::Bytes;
use crate::model::Model;
use crate::model::contact::PairingFault;
use crate::plan::Edit;
use crate::step::Step;

/// A kind of finding: its name, the words about it, how it is found and how it is repaired.
pub struct Check {
    /// Stable name.
    pub code: Code,
    /// The failure modes of users' reports it covers, `F01` to `F40`.
    pub modes: &'static [&'static str],
    /// How bad it is at its worst.
    pub severity: Severity,
    /// What it is, in one line.
    pub title: &'static str,
    /// What OpenClaw checks and why it refuses because of this.
    pub why: &'static str,
    /// What `repair` changes.
    pub repair: &'static str,
    /// How to do it by hand, where that is possible.
    pub by_hand: &'static str,
    /// The commands of clawmend that go with it.
    pub commands: &'static [&'static [&'static str]],
    /// OpenClaw's own messages that this causes, as fragments of their text.
    pub messages: &'static [&'static str],
    /// What this is a consequence of: it is told with those where both are found.
    pub follows: &'static [&'static Check],
    /// The step of the gateway's decision that fails by it; `None`: it keeps nobody out.
    pub stage: Option<Stage>,
    /// What a gateway may make good by itself ([`Model::heals`]).
    pub fault: Option<PairingFault>,
    /// It is told from the pairing stores: they mean nothing on a client of another host's gateway.
    pub is_of_stores: bool,
    /// It is about the CLI's device: a CLI that shows no device does without.
    pub is_of_device: bool,
    /// It is about owners and modes: nothing else works before it is repaired.
    pub is_of_access: bool,
    /// It is about this machine's own requests: where it is found, other findings leave them out of their
    /// evidence.
    pub is_of_requests: bool,
    /// What is found of this kind, where that is one finding at most.
    pub find_one: fn(&Model, &Check) -> Option<Finding>,
    /// What is found of this kind, where that may be several findings.
    pub find: fn(&Model, &Check) -> Vec<Finding>,
    /// The edits that repair it.
    pub edits: Edits,
}

/// A step of the gateway's own decision whether this machine's CLI gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It starts with this config.
    Config,
    /// It starts with these stores, and can read and write them.
    Store,
    /// What the CLI sends arrives there.
    Url,
    /// The CLI has a credential to show, and the shared one is the gateway's.
    Credential,
    /// The CLI proves which device it is.
    Device,
    /// The device token is live and the recorded one.
    Token,
    /// The role policies of the config let the CLI in (2026.8 and later).
    Policy,
    /// The device is paired, with this key and on this platform.
    Record,
    /// It holds the role `operator`.
    Role,
    /// Its scopes cover what the everyday commands ask for.
    Scopes,
}

/// Where the edits that repair a finding are made.
pub enum Edits {
    /// Nowhere: a person decides.
    None,
    /// Here, in the config.
    Config(fn(&Model, &Options) -> Vec<Edit>),
    /// Here, in the pairing stores and the identity.
    Pairing(fn(&Model, &Options) -> Vec<Edit>),
    /// Among the edits of another check: one value may repair several findings.
    With(&'static Check),
    /// Among those of the grant ([`super::grant`]), which opens every place that must agree at once.
    Grant,
    /// By the copy of the config that `--config-from` names.
    Copy,
    /// No edit: the next run that writes rolls an interrupted one back first.
    RollBack,
}

impl Check {
    /// What most checks leave as it is.
    pub const BASE: Check = Check {
        code: Code(""),
        modes: &[],
        severity: Severity::Info,
        title: "",
        why: "",
        repair: "",
        by_hand: "",
        commands: &[],
        messages: &[],
        follows: &[],
        stage: None,
        fault: None,
        is_of_stores: false,
        is_of_device: false,
        is_of_requests: false,
        is_of_access: false,
        find_one: |_, _| None,
        find: |_, _| Vec::new(),
        edits: Edits::None,
    };

    /// A finding of this kind, at its worst, with nothing to do.
    pub fn finding(&self, place: impl Into<Place>, says: impl Into<String>) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            place: place.into(),
            says: says.into(),
            evidence: Vec::new(),
            why: self.why.to_owned(),
            remedy: Remedy::Nothing,
            alternatives: Vec::new(),
        }
    }

    /// The commands that go with what is done by hand.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.commands.iter().map(|command| Step::clawmend(command.iter().copied()))
    }

    /// All findings of this kind in a state: none where nothing is wrong.
    pub fn found(&self, model: &Model) -> Vec<Finding> {
        (self.find_one)(model, self).into_iter().chain((self.find)(model, self)).collect()
    }
}

/// Which scopes this machine's CLI gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scopes {
    /// admin, approvals, pairing, read, write, and whatever it holds or asks for already.
    #[default]
    Full,
    /// What it holds and what its requests ask for.
    Requested,
    /// These, and what it holds already.
    List(Vec<String>),
}

/// What the user asked `repair` for. Tokens and keys are made of what is random in it: no Debug.
#[derive(Clone, Default)]
pub struct Options {
    /// Scopes of this machine's CLI.
    pub scopes: Scopes,
    /// Whether edits of the pairing stores and the identity may be made.
    pub pairing: bool,
    /// Whether edits of the config may be made.
    pub config: bool,
    /// `--bind`: what `gateway.bind` becomes where it has to be repaired.
    pub bind: Option<&'static str>,
    /// `--trust-proxy`: addresses to add to `gateway.trustedProxies`.
    pub trust_proxy: Vec<IpAddr>,
    /// `--new-token`: 32 random bytes for a new shared token where a placeholder stands, or none where one is
    /// needed. No device's token is made of them.
    pub new_token: Option<[u8; 32]>,
    /// `--new-identity`: 32 random bytes for this machine's new private key.
    pub new_identity: Option<[u8; 32]>,
    /// `--new-identity=always`: also in place of a key pair that works.
    pub drops_identity: bool,
    /// `--config-from`: a copy to put in the config's place, and its bytes.
    pub config_from: Option<(PathBuf, Bytes)>,
    /// 32 random bytes for a token, should one be needed.
    pub random: [u8; 32],
}

impl Options {
    /// Everything that needs no choice of the user.
    pub fn all(random: [u8; 32]) -> Self {
        Self { pairing: true, config: true, random, ..Self::default() }
    }
}
