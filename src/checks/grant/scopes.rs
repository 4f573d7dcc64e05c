//! Which scopes this machine's CLI gets.

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
            list.is_list()
                && model.rule.lacking(list.items(), all.iter().map(String::as_str)).is_empty()
        };
        let held = model.local.as_ref().is_some_and(|device| {
            let token =
                |token: &Option<Token>| token.as_ref().is_some_and(|token| covers(&token.scopes));
            covers(&device.scopes)
                && (device.approved_scopes == List::Missing || covers(&device.approved_scopes))
                && token(&device.operator)
                && token(&model.auth.operator)
        });
        Self { all, held }
    }

    /// Whether a list has to be written.
    pub(super) fn lacks(&self, list: &List) -> bool {
        !self.held
            && (!list.is_list() || self.all.iter().any(|scope| !list.items().contains(scope)))
    }
}

fn wanted(model: &Model, options: &Options) -> Vec<String> {
    let mut all: Vec<&str> = Vec::new();
    if let Some(device) = &model.local {
        for list in [&device.scopes, &device.approved_scopes] {
            all.extend(list.items().iter().map(String::as_str));
        }
        all.extend(
            device.operator.iter().flat_map(|token| token.scopes.items()).map(String::as_str),
        );
    }
    let asked = || {
        model
            .requests
            .iter()
            .filter(|request| is_this_machines(model, request))
            .flat_map(|request| request.scopes.items())
    };
    match &options.scopes {
        Scopes::Full => {
            all.extend(FULL);
            all.extend(asked().map(String::as_str));
        }
        Scopes::Requested => all.extend(asked().map(String::as_str)),
        Scopes::List(list) => all.extend(list.iter().map(String::as_str)),
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
