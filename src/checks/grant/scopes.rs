//! Which scopes this machine's CLI gets.

use std::collections::HashSet;

use crate::checks::{Options, Scopes};
use crate::model::Model;
use crate::model::device::{Device, List, Token};
use crate::model::scopes::{FULL, union};

/// The scopes that the CLI gets.
pub(super) struct Granted {
    pub(super) all: Vec<String>,
    /// Every list covers them already, the way this gateway compares: nothing has to be widened. A
    /// device that the gateway paired itself holds `operator.admin` alone (2026.8 and later).
    held: bool,
}

impl Granted {
    pub(super) fn of(model: &Model, options: &Options) -> Self {
        let all = wanted(model, options);
        let covers = |list: &List| {
            let wanted = all.iter().map(String::as_str);
            list.is_list() && model.era.lacking(list.items(), wanted).is_empty()
        };
        let token = |token: &Option<Token>| token.as_ref().is_some_and(|it| covers(&it.scopes));
        let held = model.local.as_ref().is_some_and(|device| {
            covers(&device.scopes)
                && (device.approved_scopes == List::Missing || covers(&device.approved_scopes))
                && token(&device.operator)
                && token(&model.auth.operator)
        });
        Self { all, held }
    }

    /// Whether a list has to be written.
    pub(super) fn lacks(&self, list: &List) -> bool {
        let has: HashSet<&String> = list.items().iter().collect();
        !self.held && (!list.is_list() || self.all.iter().any(|scope| !has.contains(scope)))
    }
}

fn wanted(model: &Model, options: &Options) -> Vec<String> {
    let held = model.local.iter().flat_map(|device| {
        let token = device.operator.iter().map(|token| &token.scopes);
        [&device.scopes, &device.approved_scopes].into_iter().chain(token)
    });
    let mut all: Vec<&str> = held.flat_map(List::items).map(String::as_str).collect();
    if options.scopes == Scopes::Full {
        all.extend(FULL);
    }
    match &options.scopes {
        Scopes::List(list) => all.extend(list.iter().map(String::as_str)),
        Scopes::Full | Scopes::Requested => {
            let own = model.requests.iter().filter(|request| is_this_machines(model, request));
            all.extend(own.flat_map(|request| request.scopes.items()).map(String::as_str));
        }
    }
    // A CLI is an operator: scopes of other roles are not its to hold.
    union(all.into_iter().filter(|scope| scope.trim().starts_with("operator.")))
}

/// A request that carries this machine's own key.
pub(super) fn is_this_machines(model: &Model, request: &Device) -> bool {
    model
        .usable_identity()
        .is_some_and(|identity| request.public_key.as_deref() == Some(identity.public_key.as_str()))
}
