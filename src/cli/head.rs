//! Which OpenClaw and which state dir: the first thing every report says.

use super::context::State;
use crate::model::Model;
use crate::model::facts::GatewayProcess;
use crate::plan::StoreKind;
use crate::render::wrap;
use crate::text::safe;

pub fn head(state: &State, width: usize) -> String {
    let model = &state.model;
    let kept = match model.store {
        StoreKind::Files if is_bare(model) => "no pairing and no identity here yet",
        StoreKind::Files => "pairing in JSON files (up to 2026.7)",
        StoreKind::Sqlite => "pairing in the database (2026.8 and later)",
    };
    let release = model
        .written_by()
        .map(|version| format!(", written by {}", safe(&version)))
        .unwrap_or_default();
    let gateway = match &model.facts.gateway {
        GatewayProcess::Running { pid } => format!("running (pid {pid})"),
        GatewayProcess::NotRunning => {
            "no running gateway seen from here (one in a container would not show)".to_owned()
        }
        GatewayProcess::Unknown(why) => format!("unknown ({})", safe(why)),
    };
    let dir = format!(
        "{} ({})",
        safe(&crate::platform::shown(&state.located.state_dir)),
        safe(&state.located.how)
    );
    let lines =
        [("State dir", dir), ("OpenClaw", format!("{kept}{release}")), ("Gateway", gateway)];
    let lines = lines
        .map(|(label, text)| wrap(&text, width, &format!("{label:<11}"), "           ") + "\n");
    lines.concat()
}

/// Whether no store and no identity is there: nothing tells which generation this is.
fn is_bare(model: &Model) -> bool {
    use crate::model::store::Condition::Absent;
    model.store == StoreKind::Files
        && [&model.paired, &model.pending].into_iter().all(|records| records.condition == Absent)
        && matches!(model.identity, crate::model::IdentityState::Absent)
        && model.written_by().is_none()
}
