//! What a gateway makes good by itself when the CLI of its own host comes: it approves silently, or issues a new
//! token. Which faults it forgives differs from release to release (seen on 2026.2.19, 2026.4.15, 2026.9.6;
//! the others by their code).

use super::Model;
use super::facts::GatewayProcess;
use super::scopes::{Era, union};
use super::store::{Condition, Records};
use crate::config::model::AuthKind;
use crate::config::release::Release;
use crate::format::scan::ValueKind;
use crate::plan::StoreKind;

/// A fault of this machine's pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingFault {
    /// It has no identity, or no record.
    Unknown,
    /// Its record holds another key.
    Key,
    /// Its record lacks the role `operator`.
    Role,
    /// Its scopes are too few.
    Scopes,
    /// Its token is revoked.
    Token,
}

impl Model {
    /// Whether a request of this machine waits for a person: then nothing of it is approved silently.
    pub fn waits_for_a_person(&self) -> bool {
        let asked =
            |request: &super::Device| !request.silent && !request.expired(self.facts.now_ms);
        self.requests.iter().any(asked)
    }

    /// Whether a gateway makes a fault good by itself at this CLI's next commands.
    pub fn heals(&self, fault: PairingFault) -> bool {
        if self.waits_for_a_person() {
            return false;
        }
        match self.store {
            StoreKind::Sqlite => self.heals_in_database(fault),
            StoreKind::Files => self.heals_in_files(fault),
        }
    }

    /// 2026.8 and later pair their own machine where there is no shared secret, at their start; where
    /// `gateway.auth.mode` is `none`, they also widen it at any command.
    fn heals_in_database(&self, fault: PairingFault) -> bool {
        let Some(config) = self.config.whole() else {
            return false;
        };
        let gateway = &config.gateway;
        if gateway.nodes_pairing_auto_approve_local.value() == Some(&false) {
            return false;
        }
        match (gateway.auth_kind(), fault) {
            // A device that holds another key waits for a person in any case.
            (_, PairingFault::Key) => false,
            (AuthKind::None, _) => true,
            // Behind a proxy the password is as good.
            (AuthKind::Proxy, _) => self.shared == super::Shared::Present,
            // A gateway that runs has paired its own machine already, and does so again only when it starts.
            (AuthKind::Token, PairingFault::Unknown) => {
                gateway.auth_token.is_missing() && self.facts.gateway == GatewayProcess::NotRunning
            }
            _ => false,
        }
    }

    /// Up to 2026.4.28 a CLI with the shared secret asks for all scopes at once, and what of that is approved silently
    /// is in. From 2026.4.29 each command asks for its own, and the second one of a new device waits for a person; from some
    /// release after 2026.5.7 a record is not made good silently where it would get more than the command asks for.
    fn heals_in_files(&self, fault: PairingFault) -> bool {
        use PairingFault::{Key, Role, Scopes, Token, Unknown};
        let Some(release) = self.release().filter(|_| self.shared != super::Shared::Absent) else {
            return false;
        };
        // Up to 2026.4.15 a list is kept as one, and what is put into it is gone when it is written: no request is found
        // again, and a device comes for the first time each time (in 2026.5.7 a list is an empty store).
        if is_list(&self.pending) && !release.is_from("2026.5.7") {
            return false;
        }
        if is_list(&self.paired) && !release.is_from("2026.4.16") {
            return true;
        }
        // What a record without a token gets holds no scopes beyond those asked for (seen on 2026.5.28).
        let late: &[PairingFault] = if self.is_tokenless() { &[Key, Role] } else { &[] };
        let forgiven: &[(&str, &[PairingFault])] = &[
            ("2026.5.8", late),
            ("2026.4.29", &[Key, Role, Token]),
            ("2026.3.31", &[Unknown, Key, Role, Token]),
            ("2026.2.22", &[Unknown, Key, Scopes, Token]),
            ("2026.2.19", &[Key, Token]),
            ("2026.1.1", &[Unknown, Key, Role, Scopes, Token]),
        ];
        let found = forgiven.iter().find(|(since, _)| release.is_from(since));
        let faults = found.map(|(_, faults)| *faults).unwrap_or_default();
        faults.contains(&fault)
            || faults.contains(&Key) && self.holds_another_key() && self.is_added(fault, release)
    }

    /// A device whose record holds another key comes for the first time: its record keeps what it has, and gets
    /// what the command asks for.
    fn is_added(&self, fault: PairingFault, release: Release) -> bool {
        let (Some(device), era) = (&self.local, Era::of(release)) else {
            return false;
        };
        let held = device.baseline().1.items().iter().map(String::as_str);
        let then = union(held.chain(era.asked_at_first_contact().iter().copied()));
        match fault {
            PairingFault::Role | PairingFault::Token => true,
            PairingFault::Scopes => {
                era.rule().lacking(&then, era.needed().iter().copied()).is_empty()
            }
            PairingFault::Unknown | PairingFault::Key => false,
        }
    }

    fn is_tokenless(&self) -> bool {
        self.local.as_ref().is_some_and(|local| local.operator.is_none())
    }

    fn holds_another_key(&self) -> bool {
        let key = self.usable_identity().map(|identity| identity.public_key.as_str());
        self.local.as_ref().is_some_and(|local| local.public_key.as_deref() != key)
    }

    /// Whether the gateway takes a store that is no JSON for an empty one: up to 2026.4.15, where a release has left its
    /// name. Later ones fail at each connect.
    pub fn reads_broken_as_empty(&self) -> bool {
        self.store == StoreKind::Files
            && self.release().is_some_and(|release| !release.is_from("2026.4.16"))
    }
}

fn is_list(records: &Records) -> bool {
    records.condition == Condition::NotAnObject(ValueKind::Array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tests::{facts, healthy_model, model_with_config};
    use PairingFault::{Key, Role, Scopes, Token, Unknown};

    fn healed(release: &str, auth: &str) -> Vec<PairingFault> {
        let config = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{auth}}}}}"
        );
        let model = model_with_config(&config, facts());
        [Unknown, Key, Role, Scopes, Token]
            .into_iter()
            .filter(|fault| model.heals(*fault))
            .collect()
    }

    #[test]
    fn each_release_forgives_what_it_was_seen_to() {
        let token = "{mode:'token',token:'some-long-token-0123456789'}";
        assert_eq!(healed("2026.2.19", token), [Key, Token]);
        assert_eq!(healed("2026.2.26", token), [Unknown, Key, Scopes, Token]);
        assert_eq!(healed("2026.3.13", token), [Unknown, Key, Scopes, Token]);
        assert_eq!(healed("2026.4.15", token), [Unknown, Key, Role, Token]);
        assert_eq!(healed("2026.5.7", token), [Key, Role, Token]);
        assert_eq!(healed("2026.5.28", token), []);
        assert_eq!(healed("2026.6.35", token), []);
        // Its start makes a token; a later one makes none that the CLI could show.
        assert_eq!(healed("2026.4.15", "{}"), [Unknown, Key, Role, Token]);
        assert_eq!(healed("2026.5.28", "{}"), []);
        // No release named: nothing is taken for granted.
        assert_eq!(healed("", token), []);
    }

    const TOKEN: &str = "{mode:'token',token:'some-long-token-0123456789'}";

    fn of_release(release: &str) -> Model {
        let config = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{TOKEN}}}}}"
        );
        let mut model = model_with_config(&config, facts());
        let healthy = healthy_model();
        (model.identity, model.local) = (healthy.identity, healthy.local);
        model
    }

    #[test]
    fn a_record_with_another_key_gets_what_the_first_command_asks_for() {
        use crate::model::device::List;
        let healed = |release: &str, scopes: &[&str]| {
            let mut model = of_release(release);
            let local = model.local.as_mut().unwrap();
            local.public_key = Some("another".into());
            local.approved_scopes = List::Missing;
            local.scopes = List::Of(scopes.iter().map(|&scope| scope.to_owned()).collect());
            model.heals(Scopes)
        };
        // `health` asks for operator.read by itself, which the first contact does not bring.
        assert!(healed("2026.2.19", &["operator.read"]));
        assert!(!healed("2026.2.19", &["operator.pairing"]));
        assert!(healed("2026.4.15", &[]));
        assert!(!healed("2026.5.7", &["operator.read"]));
        let mut same = of_release("2026.2.19");
        same.local.as_mut().unwrap().scopes = List::Of(vec!["operator.read".into()]);
        assert!(!same.heals(Scopes));
    }

    #[test]
    fn a_list_is_an_empty_store_only_to_later_releases() {
        let list = || {
            let mut model = of_release("2026.4.15");
            model.paired.condition = Condition::NotAnObject(ValueKind::Array);
            model
        };
        let mut model = list();
        assert!(model.heals(Unknown));
        model.pending.condition = Condition::NotAnObject(ValueKind::Array);
        assert!(!model.heals(Unknown) && !model.heals(Token));
    }

    #[test]
    fn a_record_without_a_token_gets_its_role_from_late_releases_too() {
        let mut model = of_release("2026.5.28");
        assert!(!model.heals(Role));
        model.local.as_mut().unwrap().operator = None;
        assert!(model.heals(Role) && model.heals(Key) && !model.heals(Scopes));
    }
}
