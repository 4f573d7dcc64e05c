//! From what is found to what is changed: order, conflicts, and nothing that is not needed.
//!
//! The planner looks at the model, decides what the state should say, and emits an edit only where it
//! does not say that yet. So a second run finds nothing to do, by construction.

mod approve;
mod cached;
mod config;
mod database;
mod grant;
mod new_device;
mod stores;
mod token;
mod wanted;

pub use crate::checks::approvable::Refusal;
pub use approve::approve;

use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::Value;

use crate::finding::Code;
use crate::image::Bytes;
use crate::model::Model;
use crate::model::device::Record;
use crate::model::layout::Part;
use crate::plan::{Edit, Op, Plan, StoreKind, Target};

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

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Scopes of this machine's CLI.
    pub scopes: Scopes,
    /// Mend the pairing.
    pub pairing: bool,
    /// Mend the config.
    pub config: bool,
    /// `--bind`: what `gateway.bind` becomes where it has to be mended.
    pub bind: Option<&'static str>,
    /// `--trust-proxy`: addresses to add to `gateway.trustedProxies`.
    pub trust_proxy: Vec<IpAddr>,
    /// `--new-token`: a new shared token where a placeholder stands, or none where one is needed.
    pub new_token: bool,
    /// `--config-from`: a copy to put in the config's place, and its bytes.
    pub config_from: Option<(PathBuf, Bytes)>,
    /// 32 random bytes for a token, should one be needed.
    pub random: [u8; 32],
}

/// Everything that `repair` would change.
pub fn plan(model: &Model, options: &Options) -> Plan {
    let mut edits = Vec::new();
    if options.config {
        edits.extend(config::mend(model, options));
    }
    if options.pairing {
        // A client's own pairing stores are read by no gateway: nothing is granted there.
        let mut grant = Vec::new();
        if !model.config.is_client() {
            grant = grant::local(model, options);
            edits.extend(stores::mend(model));
        }
        edits.extend(database::mend(model, &grant));
        edits.extend(grant);
    }
    Plan { edits }
}

/// Edits of one record.
struct RecordEdits {
    store: StoreKind,
    part: Part,
    key: String,
    before: Record,
    edits: Vec<Edit>,
}

impl RecordEdits {
    /// In the store that counts.
    fn new(model: &Model, part: Part, key: &str, before: Record) -> Self {
        Self::of(model.store, part, key, before)
    }

    fn of(store: StoreKind, part: Part, key: &str, before: Record) -> Self {
        Self { store, part, key: key.to_owned(), before, edits: Vec::new() }
    }

    /// Sets a field, if it does not hold that value already.
    fn set(&mut self, path: &[&str], new: Value, why: &str, mends: &[Code]) {
        let old = at(&self.before, path).cloned();
        if old.as_ref() == Some(&new) {
            return;
        }
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        self.push(Op::Set { path, old, new }, why, mends);
    }

    /// Removes a field, if it is there.
    fn unset(&mut self, path: &[&str], why: &str, mends: &[Code]) {
        if let Some(old) = at(&self.before, path).cloned() {
            let path = path.iter().map(|name| (*name).to_owned()).collect();
            self.push(Op::Unset { path, old }, why, mends);
        }
    }

    fn push(&mut self, op: Op, why: &str, mends: &[Code]) {
        let target = Target::Record { store: self.store, part: self.part, key: self.key.clone() };
        self.edits.push(Edit { target, op, why: why.to_owned(), mends: mends.to_vec() });
    }
}

fn at<'a>(record: &'a Record, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(record.get(*first)?, |value, name| value.get(*name))
}

/// A record that goes.
fn remove(store: StoreKind, part: Part, key: &str, why: impl Into<String>, mends: &[Code]) -> Edit {
    Edit {
        target: Target::Record { store, part, key: key.to_owned() },
        op: Op::Remove,
        why: why.into(),
        mends: mends.to_vec(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
mod database_tests;
