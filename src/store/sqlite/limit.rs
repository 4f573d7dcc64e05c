//! Every statement ends: whoever wrote the database chose its schema, and a column can compute for ever, or
//! compute a value without end.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::limits::Limit;

/// The largest value, and row, that SQLite makes or reads, bytes: between two looks at the clock it makes one.
const LARGEST: i32 = 64 << 20;
/// How long SQLite may compute on one connection; a healthy database of 100,000 records takes a second.
#[cfg(not(test))]
const LIMIT: Duration = Duration::from_secs(30);
#[cfg(test)]
const LIMIT: Duration = Duration::from_millis(500);
/// How many steps of its virtual machine SQLite makes between two looks at the clock.
const STEPS: i32 = 50;
/// Two looks further apart than this: it was not SQLite that took the time.
const PAUSE: Duration = Duration::from_secs(1);

/// Said of a database that reached the limit.
pub(super) const TOO_LONG: &str = "reading it takes longer than any database of OpenClaw does";

/// Ends what runs on this connection once it has computed for too long.
pub(super) fn set(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST)?;
    let (mut last, mut spent) = (Instant::now(), Duration::ZERO);
    let is_over = move || {
        let now = Instant::now();
        spent += (now - last).min(PAUSE);
        last = now;
        spent > LIMIT
    };
    connection.progress_handler(STEPS, Some(is_over))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_without_end_is_not_made() {
        let mut connection = Connection::open_in_memory().unwrap();
        set(&mut connection).unwrap();
        let long = |bytes: usize| {
            let sql = format!("SELECT length(hex(zeroblob({bytes})))");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(long(1 << 20).unwrap(), 2 << 20);
        assert!(long(400_000_000).is_err());
    }

    #[test]
    fn a_statement_without_end_ends() {
        let mut connection = Connection::open_in_memory().unwrap();
        set(&mut connection).unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let error = connection.query_row(endless, [], |row| row.get::<_, i64>(0)).unwrap_err();
        let trouble = super::super::failure::trouble(&error);
        assert!(format!("{trouble:?}").contains(TOO_LONG), "{trouble:?}");
    }
}
