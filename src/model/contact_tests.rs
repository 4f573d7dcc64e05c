//! What each release makes good by itself.

use super::*;
use crate::checks::tests::{facts, healthy_model, model_with_config};
use crate::model::AuthCondition;
use PairingFault::{Key, Role, Scopes, Token, Unknown};

fn healed(release: &str, auth: &str) -> Vec<PairingFault> {
    let config =
        format!("{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{auth}}}}}");
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
    let config =
        format!("{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{auth}}}}}");
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
        model.auth.operator.as_mut().unwrap().token = Some(crate::secret::Secret::new("another"));
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

/// Seen on 2026.2.12 and 2026.3.24.
#[test]
fn nothing_is_added_to_scopes_that_are_no_list() {
    use crate::model::device::List;
    let heals = |release: &str, scopes: List, approved: List| {
        let mut model = of_release(release);
        let local = model.local.as_mut().unwrap();
        (local.scopes, local.approved_scopes) = (scopes, approved);
        model.heals(Scopes)
    };
    let few = || List::Of(vec!["operator.write".to_owned()]);
    assert_eq!(heals("2026.3.24", few(), List::Odd), Some(false));
    assert_eq!(heals("2026.3.24", List::Odd, List::Missing), Some(false));
    assert_eq!(heals("2026.3.24", few(), List::Text), Some(true));
    assert_eq!(heals("2026.2.12", few(), List::Odd), Some(true));
    assert_eq!(heals("2026.2.12", List::Odd, List::Missing), Some(false));
}
