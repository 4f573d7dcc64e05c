//! `report`: the same document as JSON and as Markdown.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Head, StateDocument};
use crate::checks::{Admission, Verdict};
use crate::finding::{Evidence, Finding, Place, Severity};
use crate::plan::StoreKind;
use crate::render::anonymous::Anonymous;
use crate::text::safe;

/// `report --json`: nothing in it is secret, or tells whose machine it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which state was looked at.
    #[serde(flatten)]
    pub state: StateDocument,
    /// The system and the processor: `linux x86_64`.
    pub system: String,
    /// This is a container, by OpenClaw's own signs.
    pub container: bool,
    /// What the gateway decides about this machine's CLI, step by step.
    pub admission: Admission,
    /// What was found, worst first.
    pub findings: Vec<ReportFinding>,
    /// The files of the state with their modes and owners.
    pub files: Vec<ReportFile>,
}

/// A finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportFinding {
    /// Its stable code.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub says: String,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

/// A file or folder of the state.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportFile {
    /// Its path in the state dir; `.` is the state dir.
    pub path: String,
    /// `file`, `folder`, `link` or `other`.
    pub kind: String,
    /// Its permission bits, octal; absent where the system has none.
    pub mode: Option<String>,
    /// Its owner and group as numbers; absent where the system has none.
    pub owner: Option<String>,
    /// Bytes.
    pub size: u64,
}

impl ReportFinding {
    /// A finding, with nothing of whose machine it is.
    pub fn of(finding: &Finding, anonymous: &Anonymous) -> Self {
        let text = |text: &str| anonymous.text(text);
        let evidence = finding.evidence.iter().map(|seen| Evidence {
            values: seen.values.iter().map(|value| text(value)).collect(),
            ..seen.clone()
        });
        Self {
            code: finding.code.to_string(),
            severity: finding.severity,
            place: Place {
                file: finding.place.file.as_deref().map(text),
                key: finding.place.key.as_deref().map(text),
                line: finding.place.line,
            },
            says: text(&finding.says),
            evidence: evidence.collect(),
        }
    }
}

impl StateDocument {
    /// The same without what tells whose machine it is.
    #[must_use]
    pub fn anonymous(self, anonymous: &Anonymous) -> Self {
        let text = |text: String| anonymous.text(&text);
        Self {
            state_dir: text(self.state_dir),
            found_by: text(self.found_by),
            config: text(self.config),
            written_by: self.written_by.map(text),
            device_id: self.device_id.map(text),
            ..self
        }
    }
}

impl ReportDocument {
    /// As Markdown that folds. All of it is in one fence, so that no text in it is taken for Markdown or HTML.
    /// `steps` are the admission's, as text.
    pub fn markdown(&self, steps: &str) -> String {
        let state = &self.state;
        let store = match state.store {
            StoreKind::Files => "JSON files (up to 2026.7)",
            StoreKind::Sqlite => "database (2026.8 and later)",
        };
        let container = if self.container { "in a container" } else { "not in a container" };
        let mut text = String::new();
        for (label, value) in [
            ("clawmend", self.head.version.clone()),
            ("system", format!("{}, {container}", self.system)),
            (
                "OpenClaw",
                state.written_by.clone().unwrap_or_else(|| "version not known".to_owned()),
            ),
            ("pairing in", store.to_owned()),
            ("gateway", state.gateway.clone()),
            ("state dir", format!("{} ({})", state.state_dir, state.found_by)),
            ("config", state.config.clone()),
            ("device", state.device_id.clone().unwrap_or_else(|| "not known".to_owned())),
        ] {
            let _ = writeln!(text, "{label:<11}{}", safe(&value));
        }
        let _ = writeln!(text, "\n{steps}");
        text.push_str("Findings:\n");
        if self.findings.is_empty() {
            text.push_str("  none\n");
        }
        for finding in &self.findings {
            let place = if finding.place.is_nowhere() { "" } else { " in " };
            let (word, place) =
                (finding.severity.word(), format!("{place}{}", safe(&finding.place.to_string())));
            let _ = writeln!(text, "  {word} [{}]{place}: {}", finding.code, safe(&finding.says));
            for seen in &finding.evidence {
                let _ = writeln!(text, "      {}", safe(&seen.to_string()));
            }
        }
        text.push_str("\nFiles (mode, owner:group, bytes):\n");
        for file in &self.files {
            let (mode, owner) =
                (file.mode.as_deref().unwrap_or("-"), file.owner.as_deref().unwrap_or("-"));
            let path = safe(&file.path);
            let _ =
                writeln!(text, "  {mode:>4} {owner:>11} {:>9} {:<6} {path}", file.size, file.kind);
        }
        let verdict = match self.admission.verdict {
            Verdict::Admitted => "healthy",
            Verdict::Refused => "LOCKED OUT",
            Verdict::CannotTell => "not sure whether the CLI is locked out",
        };
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        format!(
            "<details>\n<summary>clawmend report: {verdict}</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n",
            text.trim_end()
        )
    }
}
