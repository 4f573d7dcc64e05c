//! `explain --json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::Head;
use crate::finding::Severity;

/// `explain --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// What OpenClaw says, where the text is a message of OpenClaw.
    pub message: Option<MessageDocument>,
    /// What the other lines of the text say, where they are other messages.
    pub others: Vec<MessageDocument>,
    /// The findings that match.
    pub explanations: Vec<Explanation>,
}

/// What a message of OpenClaw means.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDocument {
    /// What OpenClaw says with it.
    pub means: String,
    /// What to do where no finding is behind it.
    pub advice: String,
    /// The codes of findings that cause it and are found in the state here.
    pub found_here: Vec<String>,
}

/// The long story of a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Its code.
    pub code: String,
    /// How bad it is at its worst.
    pub severity: Severity,
    /// The failure modes.
    pub modes: Vec<String>,
    /// What it is.
    pub title: String,
    /// Why the gateway refuses.
    pub why: String,
    /// What `repair` changes.
    pub repair: String,
    /// How to do it by hand.
    pub by_hand: String,
    /// The commands of clawmend that go with that, each as an argument vector.
    pub commands: Vec<Vec<String>>,
    /// OpenClaw's messages that it causes.
    pub messages: Vec<String>,
    /// Threads that report it, as `owner/repository#number`.
    pub reports: Vec<String>,
}
