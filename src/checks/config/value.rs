//! One value of the config that is to be set: made into an edit where that can be, else into the lines
//! to change by hand. Finding and edit of a check are made of the same value, so they cannot differ.

use serde_json::Value;

use super::{bytes, gateway, name};
use crate::checks::edits::edit;
use crate::config::gateway::{Gateway, Setting};
use crate::config::owner::Owner;
use crate::finding::{Code, Finding};
use crate::format::edit::FieldEdit;
use crate::format::json5;
use crate::format::value::at_path;
use crate::model::Model;
use crate::plan::{Edit, Op, Target};
use crate::secret::Unshown;

/// A value that a repair sets in the config.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The findings it repairs.
    pub codes: Vec<Code>,
    /// Its path in the merged config.
    pub path: Vec<String>,
    /// Where it stands, or has to be put.
    pub owner: Owner,
    /// What it becomes.
    pub new: Unshown<Value>,
    /// One sentence for the preview: why it is set.
    pub why: String,
}

impl Wanted {
    pub(super) fn of<T>(
        setting: &Setting<T>,
        code: Code,
        new: Value,
        why: impl Into<String>,
    ) -> Self {
        Self {
            codes: vec![code],
            path: setting.path.clone(),
            owner: setting.owner.clone(),
            new: Unshown(new),
            why: why.into(),
        }
    }

    /// What a person has to do, a line each, where clawmend cannot make the edit: the file is managed
    /// elsewhere, or its text cannot be edited without changing more.
    fn obstacle(&self, model: &Model) -> Option<Vec<String>> {
        let file = model.config.file_of(&self.owner);
        let edit = FieldEdit::Set { path: self.owner.path.clone(), value: self.new.0.clone() };
        let by_hand = json5::by_hand(&edit);
        let text = bytes(model, &file).map(|bytes| bytes.as_slice()).unwrap_or(b"{}");
        let made = json5::apply(text, &[edit]);
        let (head, lines) = match (model.config.fixed(&model.images, &file), made) {
            (None, Ok(_)) => return None,
            (Some(why), made) => (
                format!("not changed: {why}; change it there:"),
                made.err().map_or_else(|| vec![by_hand], |refusal| refusal.by_hand),
            ),
            (None, Err(refusal)) => (
                format!("clawmend cannot edit {}: {refusal}; by hand:", name(model, &file)),
                refusal.by_hand,
            ),
        };
        Some(std::iter::once(head).chain(lines).collect())
    }

    /// A finding that this value repairs.
    pub(super) fn repair(
        &self,
        model: &Model,
        finding: Finding,
        says: impl Into<String>,
    ) -> Finding {
        match self.obstacle(model) {
            None => finding.repaired(says),
            Some(lines) => finding.by_hand(lines),
        }
    }

    /// The edit; `None` where it cannot be made, or the value stands there already.
    fn edit(self, model: &Model) -> Option<Edit> {
        let is_there = model.config.raw(&self.path) == Some(&self.new);
        if is_there || self.obstacle(model).is_some() {
            return None;
        }
        let file = model.config.read()?.resolved.file(self.owner.file)?;
        let target = Target::Config(model.config.file_of(&self.owner));
        let old = at_path(&file.value, &self.owner.path).cloned();
        let op = Op::Set { path: self.owner.path, old, new: self.new.0 };
        Some(edit(target, op, self.why, &self.codes))
    }
}

/// The edits that set values.
pub(super) fn edits(model: &Model, wanted: impl IntoIterator<Item = Wanted>) -> Vec<Edit> {
    wanted.into_iter().filter_map(|wanted| wanted.edit(model)).collect()
}

/// The gateway section on a gateway's own host: on a client of another one its config is right.
pub(super) fn hosted(model: &Model) -> Option<&Gateway> {
    gateway(model).filter(|_| !model.config.is_client())
}
