//! What a gateway makes good by itself when the CLI of its own host comes: it approves silently, or issues a new
//! token. Which faults it forgives differs from release to release (seen on 2026.2.19, 2026.4.15, 2026.9.6;
//! the others by their code).

use super::Model;
use super::facts::GatewayProcess;
use crate::config::model::AuthKind;
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
    /// Whether a gateway makes a fault good by itself at this CLI's next commands.
    pub fn heals(&self, fault: PairingFault) -> bool {
        let asked =
            |request: &super::Device| !request.silent && !request.expired(self.facts.now_ms);
        if self.requests.iter().any(asked) {
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
        let forgiven: &[(&str, &[PairingFault])] = &[
            ("2026.5.8", &[]),
            ("2026.4.29", &[Key, Role, Token]),
            ("2026.3.31", &[Unknown, Key, Role, Token]),
            ("2026.2.22", &[Unknown, Key, Scopes, Token]),
            ("2026.2.19", &[Key, Token]),
            ("2026.1.1", &[Unknown, Key, Role, Scopes, Token]),
        ];
        // What a record without a token gets holds no scopes beyond those asked for (seen on 2026.5.28).
        let bare = self.local.as_ref().is_some_and(|local| local.operator.is_none());
        if fault == Role && bare && release.is_from("2026.5.8") {
            return true;
        }
        forgiven
            .iter()
            .find(|(since, _)| release.is_from(since))
            .is_some_and(|(_, faults)| faults.contains(&fault))
    }
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
        // No secret to show, or no release named: nothing is taken for granted.
        assert_eq!(healed("2026.4.15", "{}"), []);
        assert_eq!(healed("", token), []);
    }

    #[test]
    fn a_record_without_a_token_gets_its_role_from_late_releases_too() {
        let config = "{meta:{lastTouchedVersion:'2026.5.28'},gateway:{mode:'local',auth:{mode:'token',token:'some-long-token-0123456789'}}}";
        let mut model = model_with_config(config, facts());
        model.local = healthy_model().local;
        assert!(!model.heals(Role));
        model.local.as_mut().unwrap().operator = None;
        assert!(model.heals(Role) && !model.heals(Scopes));
    }
}
