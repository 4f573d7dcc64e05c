//! Whether the rows are what the changes made them.

use rusqlite::Connection;

use super::failure::Halt;
use super::{row, table};
use crate::plan::{Changes, RowOp};

/// The first row that is not as the changes say, in words.
pub(super) fn first_difference(
    connection: &Connection,
    changes: &Changes,
) -> Result<Option<String>, Halt> {
    let shapes = table::shapes(connection)?;
    for change in &changes.rows {
        let name = row::describe(change.part, &change.key);
        let Some(shape) = shapes.get(&change.part) else {
            return Ok(Some(format!("{name} is gone, and its table with it")));
        };
        let expected = change.op.new_cells();
        let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
        let found = row::fetch(connection, shape, &change.key, &names)?;
        match (&change.op, found) {
            (RowOp::Delete(_), None) => {}
            (RowOp::Delete(_), Some(_)) => return Ok(Some(format!("{name} is still there"))),
            (_, None) => return Ok(Some(format!("{name} is not there"))),
            (_, Some(found)) => {
                let differs = expected.iter().zip(&found).find(|((_, new), now)| *new != *now);
                if let Some(((column, _), _)) = differs {
                    return Ok(Some(format!(
                        "column `{column}` of {name} is not what was planned"
                    )));
                }
            }
        }
    }
    Ok(None)
}
