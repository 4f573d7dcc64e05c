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
    2026.1.1 2026.2.13 2026.2.19 2026.2.21 2026.2.22 2026.2.23 2026.2.26 2026.3.1 2026.3.13 2026.3.28 \
    2026.3.31 2026.4.3 2026.4.6 2026.4.16 2026.4.29 2026.4.30 2026.5.7 2026.5.8 2026.5.13 \
    2026.5.28 2026.6.1 2026.6.11 2026.7.1 2026.8.1 2026.9.6";

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
            // A gateway that runs has paired its own machine already, and does so again only when it starts.
            (AuthKind::Token, PairingFault::Unknown) => {
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
            PairingFault::Key | PairingFault::Token => false,
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
mod tests {
    use super::*;
    use crate::checks::tests::{facts, healthy_model, model_with_config};
    use crate::model::AuthCondition;
    use PairingFault::{Key, Role, Scopes, Token, Unknown};

    fn healed(release: &str, auth: &str) -> Vec<PairingFault> {
        let config = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{auth}}}}}"
        );
        let model = model_with_config(&config, facts());
        [Unknown, Key, Role, Scopes, Token]
            .into_iter()
            .filter(|fault| model.heals(*fault) == Some(true))
            .collect()
    }

    #[test]
    fn each_release_forgives_what_it_was_seen_to() {
        let token = "{mode:'token',token:'some-long-token-0123456789'}";
        assert_eq!(healed("2026.2.19", token), [Key, Token]);
        assert_eq!(healed("2026.2.26", token), [Unknown, Key, Scopes, Token]);
        assert_eq!(healed("2026.3.13", token), [Unknown, Key, Scopes, Token]);
        assert_eq!(healed("2026.4.1", token), [Unknown, Key]);
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
        with_auth(release, TOKEN)
    }

    fn with_auth(release: &str, auth: &str) -> Model {
        let config = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{auth}}}}}"
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
        assert_eq!(healed("2026.2.19", &["operator.read"]), Some(true));
        assert_eq!(healed("2026.2.19", &["operator.pairing"]), Some(false));
        assert_eq!(healed("2026.4.15", &[]), Some(true));
        // Each command asks for its own: `devices list` first, and the CLI is in (seen on 2026.5.4), `cron list` first, and it is not.
        assert_eq!(healed("2026.5.7", &["operator.read"]), None);
        assert_eq!(healed("2026.5.7", &[]), Some(false));
        assert_eq!(healed("2026.5.28", &["operator.read"]), Some(false));
        let mut same = of_release("2026.2.19");
        same.local.as_mut().unwrap().scopes = List::Of(vec!["operator.read".into()]);
        assert_eq!(same.heals(Scopes), Some(false));
    }

    #[test]
    fn up_to_2026_2_12_the_saved_token_is_shown_first() {
        let refused = |release: &str, change: fn(&mut Model)| {
            let mut model = of_release(release);
            model.auth = healthy_model().auth;
            change(&mut model);
            (model.is_refused_by_saved_token(), model.heals(Token))
        };
        let differs = |model: &mut Model| {
            model.auth.operator.as_mut().unwrap().token =
                Some(crate::secret::Secret::new("another"));
        };
        let (stays, heals) = ((Some(true), Some(false)), (Some(false), Some(true)));
        assert_eq!(refused("2026.1.30", |_| ()), heals);
        assert_eq!(refused("2026.1.30", differs), stays);
        assert_eq!(refused("2026.2.12", differs), stays);
        assert_eq!(refused("2026.2.17", differs), heals);
        assert_eq!(refused("2026.1.30", |model| model.local = None), stays);
        // Nothing saved: the shared token is shown.
        let unsaved = |model: &mut Model| model.auth.condition = AuthCondition::Absent;
        assert_eq!(refused("2026.1.30", unsaved), heals);
        let narrow = |model: &mut Model| {
            let ours = model.local.as_mut().unwrap().operator.as_mut().unwrap();
            ours.scopes = crate::model::device::List::Of(vec!["operator.admin".into()]);
        };
        assert_eq!(refused("2026.2.9", narrow), stays);
        // No release has left its name: it may be one of these.
        assert_eq!(refused("", differs), (None, None));
        // A password is shown beside it, and the gateway looks at that alone.
        let mut model = with_auth("2026.1.30", "{mode:'password',password:'a-word-of-ours'}");
        model.auth = healthy_model().auth;
        differs(&mut model);
        assert_eq!((model.is_refused_by_saved_token(), model.heals(Token)), heals);
    }

    #[test]
    fn a_request_that_waits_for_a_person_holds_up_what_needs_one() {
        let healed = |release: &str| {
            let mut model = of_release(release);
            let mut request = model.local.clone().unwrap();
            (request.silent, request.asked_at_ms) = (false, Some(model.facts.now_ms));
            model.requests = vec![request];
            [Unknown, Key, Role, Scopes, Token].map(|fault| model.heals(fault))
        };
        let no = Some(false);
        assert_eq!(healed("2026.2.19"), [no, no, no, no, Some(true)]);
        assert_eq!(healed("2026.3.31"), [no; 5]);
        // Which release it is, no file says; that the machine was turned away, this request does.
        assert_eq!(healed(""), [no; 5]);
    }

    #[test]
    fn a_silent_request_is_taken_up_as_it_stands() {
        use crate::model::device::{Device, List};
        let changed = |release: &str, change: fn(&mut Device)| {
            let mut model = of_release(release);
            let local = model.local.as_mut().unwrap();
            let mut request = local.clone();
            (request.silent, request.asked_at_ms) = (true, Some(model.facts.now_ms));
            change(&mut request);
            // What the request does not bring is not there.
            (local.approved_scopes, local.scopes) = (List::Missing, List::Of(vec![]));
            model.requests = vec![request];
            [Role, Scopes, Unknown].map(|fault| model.heals(fault).unwrap())
        };
        let healed = |release: &str| changed(release, |_| ());
        assert_eq!(healed("2026.2.19"), [true; 3]);
        assert_eq!(healed("2026.3.13"), [false, true, true]);
        assert_eq!(healed("2026.5.28"), [false; 3]);
        let not = |change| changed("2026.2.19", change);
        assert_eq!(not(|request| request.silent = false), [false; 3]);
        assert_eq!(not(|request| request.asked_at_ms = Some(1)), [false; 3]);
        let other = |request: &mut Device| {
            (request.role, request.roles) = (Some("node".into()), List::Missing);
        };
        assert_eq!(not(other), [false; 3]);
        let narrow = |request: &mut Device| {
            (request.approved_scopes, request.scopes) =
                (List::Missing, List::Of(vec!["operator.pairing".into()]));
        };
        assert_eq!(not(narrow), [true, false, false]);
        assert_eq!(changed("2026.3.13", narrow), [false, true, true]);
    }

    #[test]
    fn from_2026_4_29_on_a_silent_request_that_stands_holds_up_everything() {
        let healed = |release: &str, age_ms: i64| {
            let mut model = of_release(release);
            let mut request = model.local.clone().unwrap();
            let asked_at_ms = Some(model.facts.now_ms - age_ms);
            (request.silent, request.asked_at_ms) = (true, asked_at_ms);
            model.requests = vec![request];
            [Key, Role, Token].map(|fault| model.heals(fault) == Some(true))
        };
        assert_eq!(healed("2026.4.15", 0), [true; 3]);
        for release in ["2026.4.29", "2026.5.4"] {
            assert_eq!(healed(release, 0), [false; 3]);
            assert_eq!(healed(release, 86_400_000), [true; 3]);
        }
    }

    #[test]
    fn a_list_is_an_empty_store_only_to_later_releases() {
        let list = || {
            let mut model = of_release("2026.4.15");
            model.paired.condition = Condition::NotAnObject(ValueKind::Array);
            model
        };
        let mut model = list();
        assert_eq!(model.heals(Unknown), Some(true));
        model.pending.condition = Condition::NotAnObject(ValueKind::Array);
        assert_eq!((model.heals(Unknown), model.heals(Token)), (Some(false), Some(false)));
    }

    #[test]
    fn a_record_without_a_token_gets_its_role_from_late_releases_too() {
        let mut model = of_release("2026.5.28");
        assert_eq!(model.heals(Role), Some(false));
        model.local.as_mut().unwrap().operator = None;
        let healed = [Role, Key, Scopes].map(|fault| model.heals(fault));
        assert_eq!(healed, [Some(true), Some(true), Some(false)]);
    }
}
