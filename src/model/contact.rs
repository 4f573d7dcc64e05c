//! What a gateway makes good by itself when the CLI of its own host comes: it approves silently, or issues a new
//! token. Which faults it forgives differs from release to release (seen on 2026.2.19, 2026.4.15, 2026.9.6;
//! the others by their code).

use super::device::Device;
use super::facts::GatewayProcess;
use super::scopes::{Era, LEAST, union};
use super::store::{Condition, Records};
use super::{Model, Shared};
use crate::config::model::AuthKind;
use crate::config::release::Release;
use crate::format::scan::ValueKind;
use crate::plan::StoreKind;

/// The first release of each set of rules that goes by [`Model::by_release`].
const FIRST_OF_RULES: &str = "\
    2026.1.1 2026.2.12 2026.2.13 2026.2.17 2026.2.19 2026.2.21 2026.2.22 2026.2.23 2026.2.26 \
    2026.3.1 2026.3.13 2026.3.28 2026.3.31 2026.4.1 2026.4.3 2026.4.6 2026.4.16 2026.4.20 2026.4.29 \
    2026.4.30 2026.5.7 2026.5.8 2026.5.13 2026.5.28 2026.6.1 2026.6.11 2026.7.1 2026.8.1 2026.9.3 2026.9.6";

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
    /// Its record has no token that counts.
    Token,
    /// The token that this machine keeps is not that of its record.
    SavedToken,
}

impl Model {
    /// Whether a request of this machine waits for a person: then nothing of it is approved silently.
    pub fn waits_for_a_person(&self) -> bool {
        let asked =
            |request: &super::Device| !request.silent && !request.expired(self.facts.now_ms);
        self.requests.iter().any(asked)
    }

    /// Whether a request that stands keeps a gateway of this release from approving anything by itself: from 2026.4.29 on a silent one
    /// does too (seen on 2026.4.29, 2026.5.4 and 2026.5.28; 2026.4.8 approves it).
    pub fn is_held_up(&self, release: Release) -> bool {
        let stands = || self.requests.iter().any(|request| !request.expired(self.facts.now_ms));
        self.waits_for_a_person() || release.is_from("2026.4.29") && stands()
    }

    /// Whether a gateway makes a fault good by itself at this CLI's next commands; `None`: some of the releases that may
    /// run here do.
    pub fn heals(&self, fault: PairingFault) -> Option<bool> {
        // Up to 2026.3.30 a new token needs no request (seen on 2026.2.19); from then on a device without a live one has no role.
        let needs_request =
            |release: Release| fault != PairingFault::Token || release.is_from("2026.3.31");
        match self.store {
            StoreKind::Sqlite => Some(!self.waits_for_a_person() && self.heals_in_database(fault)),
            StoreKind::Files if fault == PairingFault::SavedToken => {
                self.heals(PairingFault::Token)
            }
            StoreKind::Files => {
                // A request for a person, also one that has expired, shows that a gateway turned this machine away.
                let was_refused = self.requests.iter().any(|request| !request.silent);
                let heals = self.by_release(|release| {
                    !(needs_request(release) && self.is_held_up(release))
                        && self.heals_in_files(fault, release)
                });
                if fault == PairingFault::Scopes && !was_refused && self.first_command_decides() {
                    return None;
                }
                // With the secret that only OpenClaw looks up it may be otherwise.
                let heals = heals.filter(|heals| *heals || !self.is_secret_elsewhere());
                heals.or(was_refused.then_some(false))
            }
        }
    }

    /// What holds by the rules of the release that has left its name; where none has, of each that may run here. `None`:
    /// they differ.
    pub(crate) fn by_release(&self, holds: impl Fn(Release) -> bool) -> Option<bool> {
        if let Some(release) = self.release() {
            return Some(holds(release));
        }
        let known = FIRST_OF_RULES.split(' ').filter_map(Release::parse);
        let mut answers = known.filter(|first| self.may_run(*first)).map(holds);
        let first = answers.next()?;
        answers.all(|answer| answer == first).then_some(first)
    }

    /// Whether a release fits the store and what it shows of its time: from 2026.8.1 on the pairing is in the database.
    pub(crate) fn may_run(&self, release: Release) -> bool {
        let keeps_rows = release.is_from("2026.8.1");
        // A database that is gone, with nothing in its place, has left its rows in a snapshot.
        let lost_rows =
            self.facts.kept.tables.is_some() && self.paired.condition == Condition::Absent;
        let has_rows = self.store == StoreKind::Sqlite || lost_rows;
        keeps_rows == has_rows && Era::of(release) >= self.era
    }

    /// Whether the next start makes a shared token for gateway and CLI; `None`: that of some of the releases that may run here does.
    pub fn makes_token_at_start(&self) -> Option<bool> {
        match self.store {
            StoreKind::Files => {
                self.by_release(|release| self.shared_under(Some(release)) == Shared::AtStart)
            }
            StoreKind::Sqlite => Some(false),
        }
    }

    /// Whether the gateway refuses the CLI's next command although the CLI has a shared secret, because the CLI shows its
    /// saved token first and the gateway does not take that one (up to 2026.2.12; seen on 2026.1.30). The CLI then throws the
    /// saved token away, so the command after that one gets further. A password is shown beside the token, and counts alone.
    pub fn is_refused_by_saved_token(&self) -> Option<bool> {
        let shows_one = self.store == StoreKind::Files
            && self.shared != Shared::Absent
            && self.config.auth_kind() == AuthKind::Token
            && self.is_saved_token_ours()
            && self.auth.operator.as_ref().is_some_and(|saved| saved.token.is_some());
        if !shows_one || self.is_saved_token_taken() {
            return Some(false);
        }
        self.by_release(|release| !release.is_from("2026.2.13"))
    }

    /// Whether a gateway up to 2026.2.12 takes the saved token: it is the recorded one, live, and has by name the scopes that
    /// each command asks for.
    fn is_saved_token_taken(&self) -> bool {
        let ours = self.local.as_ref().and_then(|local| local.operator.as_ref());
        let asked = Era::Literal.asked_at_first_contact().iter().copied();
        self.tokens_agree()
            && ours.is_some_and(|ours| Era::Literal.lacking(ours.scopes.items(), asked).is_empty())
    }

    /// Whether the record gets one scope more with the new key, that of the command that comes first, and lacks just one
    /// (2026.5.4, where each command asks for its own).
    fn first_command_decides(&self) -> bool {
        let lacks_one = |device: &Device| {
            let held = device.baseline().1.items().to_vec();
            Era::Least.lacking(&held, LEAST).len() == 1
        };
        let adds = |release: Release| {
            release.is_from("2026.4.29")
                && !self.is_held_up(release)
                && self.heals_in_files(PairingFault::Key, release)
        };
        self.holds_another_key()
            && self.local.as_ref().is_some_and(lacks_one)
            && self.by_release(adds) != Some(false)
    }

    /// 2026.8 and later pair their own machine where there is no shared secret, at their start; where
    /// `gateway.auth.mode` is `none`, they also widen it at any command.
    fn heals_in_database(&self, fault: PairingFault) -> bool {
        let Some(config) = self.config.whole() else { return false };
        let gateway = &config.gateway;
        if gateway.nodes_pairing_auto_approve_local.value() == Some(&false) {
            return false;
        }
        match (self.config.auth_kind(), fault) {
            // A device that holds another key waits for a person in any case.
            (_, PairingFault::Key) => false,
            (AuthKind::None, _) => true,
            // Behind a proxy the password is as good.
            (AuthKind::Proxy, _) => self.shared == Shared::Present,
            // A gateway that runs has paired its own machine already, and does so again only when it starts; the saved token is made anew
            // then, too (2026.8.2, 2026.9.3, 2026.9.6).
            (AuthKind::Token, PairingFault::Unknown | PairingFault::SavedToken) => {
                !gateway.auth_token.is_filled() && self.facts.gateway == GatewayProcess::NotRunning
            }
            _ => false,
        }
    }

    /// Up to 2026.4.28 a CLI with the shared secret asks for all scopes at once, and what of that is approved silently
    /// is in. From 2026.4.29 each command asks for its own, and the second one of a new device waits for a person; from some
    /// release after 2026.5.7 a record is not made good silently where it would get more than the command asks for.
    fn heals_in_files(&self, fault: PairingFault, release: Release) -> bool {
        use PairingFault::{Key, Role, Scopes, Token, Unknown};
        let is_refused =
            self.is_refused_by_saved_token() != Some(false) && !release.is_from("2026.2.13");
        if self.shared_under(Some(release)) == Shared::Absent || is_refused {
            return false;
        }
        let approves = fault != Token || release.is_from("2026.3.31");
        if approves && self.local.as_ref().is_some_and(|local| local.takes_no_scopes(release)) {
            return false;
        }
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
            ("2026.4.3", &[Unknown, Key, Role, Token]),
            // A role that no live token names waits for a person (seen on 2026.4.1).
            ("2026.3.31", &[Unknown, Key]),
            ("2026.2.22", &[Unknown, Key, Scopes, Token]),
            ("2026.2.19", &[Key, Token]),
            ("2026.1.1", &[Unknown, Key, Role, Scopes, Token]),
        ];
        let found = forgiven.iter().find(|(since, _)| release.is_from(since));
        let faults = found.map(|(_, faults)| *faults).unwrap_or_default();
        faults.contains(&fault)
            || self.is_granted_by_request(fault, release)
            || faults.contains(&Key) && self.holds_another_key() && self.is_added(fault, release)
    }

    /// Up to 2026.3.30 a request that waits is taken up as it stands: one that was silent is approved, with the role and
    /// the scopes that it names (seen on 2026.2.19).
    fn is_granted_by_request(&self, fault: PairingFault, release: Release) -> bool {
        let mut waiting = self.requests.iter().filter(|one| !one.expired(self.facts.now_ms));
        let Some(request) = waiting.next().filter(|_| !release.is_from("2026.3.31")) else {
            return false;
        };
        let era = Era::of(release);
        let held = self.local.iter().flat_map(|device| device.baseline().1.items());
        let then = union(held.chain(request.scopes.items()).map(String::as_str));
        let is_enough = era.lacking(&then, era.needed().iter().copied()).is_empty();
        let is_operator = request.is_operator();
        match fault {
            // Seen on 2026.2.12 and 2026.2.19; 2026.3.8 and 2026.3.24 refuse.
            PairingFault::Role => is_operator && !release.is_from("2026.2.22"),
            PairingFault::Scopes | PairingFault::Unknown => is_operator && is_enough,
            PairingFault::Key | PairingFault::Token | PairingFault::SavedToken => false,
        }
    }

    /// A device whose record holds another key comes for the first time: its record keeps what it has, and gets
    /// what the command asks for.
    fn is_added(&self, fault: PairingFault, release: Release) -> bool {
        let (Some(device), era) = (&self.local, Era::of(release)) else { return false };
        let held = device.baseline().1.items().iter().map(String::as_str);
        let then = union(held.chain(era.asked_at_first_contact().iter().copied()));
        match fault {
            PairingFault::Role | PairingFault::Token => true,
            PairingFault::Scopes => era.lacking(&then, era.needed().iter().copied()).is_empty(),
            PairingFault::Unknown | PairingFault::Key | PairingFault::SavedToken => false,
        }
    }

    fn is_tokenless(&self) -> bool {
        self.local.as_ref().is_some_and(|local| local.operator.is_none())
    }

    fn holds_another_key(&self) -> bool {
        let key = self.usable_identity().map(|identity| identity.public_key.as_str());
        self.local.as_ref().is_some_and(|local| local.public_key.as_deref() != key)
    }

    /// Whether the gateway takes a store that is no JSON for an empty one: up to 2026.4.15. Later ones fail at each connect.
    pub fn reads_broken_as_empty(&self) -> Option<bool> {
        match self.store {
            StoreKind::Files => self.by_release(|release| !release.is_from("2026.4.16")),
            StoreKind::Sqlite => Some(false),
        }
    }
}

fn is_list(records: &Records) -> bool {
    records.condition == Condition::NotAnObject(ValueKind::Array)
}

#[cfg(test)]
#[path = "contact_tests.rs"]
mod tests;
