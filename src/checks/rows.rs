//! Rows of the database that OpenClaw cannot take: one bad cell shuts everybody out.

use super::Rule;
use crate::finding::{Code, Mend, Severity};
use crate::model::database::BadCell;
use crate::model::layout::Part;
use crate::model::place_of;
use crate::plan::StoreKind;
use crate::secret::shape::Shape;
use crate::text::count;

/// How many are named one by one.
const NAMED: usize = 5;

pub static CELL_MALFORMED: Rule = Rule {
    code: Code("cell-malformed"),
    modes: &["F39"],
    severity: Severity::Blocks,
    title: "a cell of the pairing tables is not JSON",
    why: "OpenClaw reads both pairing tables whole at every use. One cell that is not JSON, in whatever device's row, makes \
          that fail, and every device is shut out: the connection closes without a word about pairing.",
    mends: "A pending row goes; in a paired row the cell is emptied, and that device may have to pair again; this machine's \
            own row gets what it needs.",
    by_hand: "UPDATE device_pairing_paired SET COLUMN = NULL WHERE device_id = '...' (sqlite3, gateway running or not).",
    messages: &["closed (1000", "no close reason", "SyntaxError"],
    run: |model, rule| {
        let bad = model.bad_cells();
        [Part::Paired, Part::Pending]
            .into_iter()
            .filter_map(|part| {
                let hit: Vec<&BadCell> = bad.iter().filter(|cell| cell.part == part).collect();
                if hit.is_empty() {
                    return None;
                }
                let says = format!(
                    "{} not JSON, and that shuts every device out",
                    count(hit.len(), "cell is", "cells are")
                );
                let mend = match part {
                    Part::Pending => "remove the request",
                    _ => "empty the cell; this machine's own row gets what it needs",
                };
                let place = place_of(model.store, part);
                let mut finding = rule.finding(place, says, Mend::Repair(mend.into()));
                for cell in hit.iter().take(NAMED) {
                    let mine = if Some(cell.key.as_str()) == model.local_id() {
                        " (this machine)"
                    } else {
                        ""
                    };
                    let key = match part {
                        Part::Pending => Shape::RequestId.show(&cell.key),
                        _ => model.shown_id(&cell.key),
                    };
                    finding = finding.seen(format!("{key}{mine}: {}", cell.column));
                }
                if hit.len() > NAMED {
                    finding = finding.seen(format!("and {} more", hit.len() - NAMED));
                }
                Some(finding)
            })
            .collect()
    },
};

pub static IDENTITY_TIMES: Rule = Rule {
    code: Code("identity-times-invalid"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the identity's row has no valid times",
    why: "From 2026.8 the identity's row is refused as a whole if one of its times is not a whole number from 0 up.",
    mends: "The times are set to now.",
    by_hand: "UPDATE device_identities SET created_at_ms = ..., updated_at_ms = ... WHERE identity_key = 'primary'.",
    messages: &["invalid persisted device identity"],
    run: |model, rule| {
        let bad = model.bad_identity_times();
        if bad.is_empty() {
            return vec![];
        }
        let finding = rule.finding(
            place_of(StoreKind::Sqlite, Part::Identity),
            "the identity's row has times that OpenClaw does not take",
            Mend::Repair("set them to now".into()),
        );
        vec![finding.seen(bad.join(", "))]
    },
};
