//! Databases as releases, other tools and crashes leave them, from a seed; and what clawmend may do to one.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clawmend::image::Cell;
use clawmend::model::layout::{Column, ColumnKind, Part};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::check::{Reference, is_whole, quiet};
use crate::generate::{Case, Random, device};
use crate::support::{NOW_MS, Sandbox};

const FIXTURE: &str = "2026.9.6-sqlite-read-only";
const DATABASE: &str = "state/openclaw.sqlite";
const TIMES: [&str; 2] = ["created_at_ms", "approved_at_ms"];

/// A cell of JSON as another writer may have left it; with `Null` it is empty.
fn json_cell(case: &mut Case, random: &mut Random) -> Cell {
    let secret = case.canary(random);
    Cell::Text(match random.below(14) {
        0 => return Cell::Null,
        1 => return Cell::Blob(format!("[\"{secret}\"]").into_bytes()),
        9 if random.one_in(2) => {
            return Cell::OddText([b"[\"\xff", secret.as_bytes(), b"\"]"].concat());
        }
        2 => String::new(),
        3 => format!("[\"{secret}\""),
        4 => format!("{{\"a\": 1, \"a\": \"{secret}\"}}"),
        5 => format!("{{\"__proto__\": {{\"x\": \"{secret}\"}}}}"),
        6 => format!(" [\n\"\\u006fperator.read\", \"{secret}\" ] "),
        7 => "[1e400, -0, 0.1e-7]".to_owned(),
        8 => "[\"operator.read\",]".to_owned(),
        9 => format!("'{secret}'"),
        10 => "null".to_owned(),
        11 => format!("\u{feff}[\"{secret}\"]"),
        12 => format!("{}\"{secret}\"{}", "[".repeat(40), "]".repeat(40)),
        _ => "[\"operator.admin\"]".to_owned(),
    })
}

fn odd_cell(case: &mut Case, random: &mut Random) -> Cell {
    match random.below(7) {
        0 => Cell::Null,
        1 => Cell::Integer(-1),
        2 => Cell::Real(1.5),
        3 => Cell::Blob(case.canary(random).into_bytes()),
        4 => Cell::Text(case.canary(random)),
        5 => Cell::OddText([b"\xc0", case.canary(random).as_bytes()].concat()),
        _ => Cell::Integer(i64::MAX),
    }
}

fn sql_of(kind: ColumnKind, value: Option<&Value>) -> Cell {
    match (kind, value) {
        (_, None | Some(Value::Null)) => Cell::Null,
        (ColumnKind::Json, Some(value)) => Cell::Text(value.to_string()),
        (_, Some(Value::String(text))) => Cell::Text(text.clone()),
        (_, Some(Value::Bool(yes))) => Cell::Integer((*yes).into()),
        (_, Some(value)) => Cell::Integer(value.as_i64().unwrap()),
    }
}

fn insert(
    case: &mut Case,
    database: &Connection,
    part: Part,
    record: &Value,
    odd: &[(usize, Cell)],
) {
    let columns = part.columns();
    let mut cells: Vec<Cell> =
        columns.iter().map(|column| sql_of(column.kind, record.get(column.field))).collect();
    for (at, cell) in odd {
        cells[*at] = cell.clone();
    }
    let names: Vec<&str> = columns.iter().map(|column| column.column).collect();
    let values: Vec<String> = cells.iter().map(literal).collect();
    let (table, names, values) = (part.table(), names.join(", "), values.join(", "));
    run(case, database, &format!("INSERT INTO {table} ({names}) VALUES ({values})"));
}

/// Runs a statement; what the schema refuses is not done.
fn run(case: &mut Case, database: &Connection, sql: &str) {
    if database.execute_batch(sql).is_ok() {
        case.text.extend(format!("{sql};\n").into_bytes());
    }
}

fn literal(cell: &Cell) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => format!("{number:?}"),
        Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Cell::OddText(bytes) => format!("CAST(x'{}' AS TEXT)", hex(bytes)),
        Cell::Blob(bytes) => format!("x'{}'", hex(bytes)),
    }
}

fn cell_of(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) => match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Cell::Text(text),
            Err(_) => Cell::OddText(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

/// Some columns of a row, and what is put there.
fn odd(case: &mut Case, random: &mut Random, part: Part, spared: &[&str]) -> Vec<(usize, Cell)> {
    let mut found = Vec::new();
    for (at, column) in part.columns().iter().enumerate() {
        if spared.contains(&column.column) || !random.one_in(12) {
            continue;
        }
        let cell = match column.kind {
            ColumnKind::Json => json_cell(case, random),
            _ => odd_cell(case, random),
        };
        found.push((at, cell));
    }
    found
}

fn request(case: &mut Case, random: &mut Random, (id, key): (&str, &str)) -> Value {
    let requests = ["operator", "node", "operator"];
    let role = requests[random.below(3)];
    let age = [1_000, 60_000, 10_000_000][random.below(3)];
    let uuid = format!("{:08x}-0000-4000-8000-{:012x}", random.next() as u32, random.next() >> 16);
    json!({
        "requestId": uuid, "deviceId": id, "publicKey": key, "displayName": "gateway:health",
        "platform": "linux", "deviceFamily": "Linux", "clientId": "cli", "clientMode": "cli",
        "role": role, "roles": [role, if random.one_in(3) { "operator" } else { role }],
        "scopes": ["operator.admin", "operator.read"], "silent": random.one_in(2),
        "isRepair": random.one_in(2), "ts": NOW_MS - age, "remoteIp": case.canary(random),
    })
}

/// Changes the fixture's database as the seed says. Returns what must hold of it.
fn generate(random: &mut Random, sandbox: &Sandbox) -> Case {
    let mut case = Case::default();
    let mut database = Connection::open(sandbox.path(DATABASE)).unwrap();
    if random.one_in(3) {
        // A table of an older tool: no types are kept to, and nothing has to be there.
        database
            .execute_batch(
                "PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = replace(replace(sql, ' STRICT', ''), ' NOT NULL', '')
                    WHERE name LIKE 'device_%';
                 PRAGMA writable_schema = OFF;",
            )
            .unwrap();
        database = Connection::open(sandbox.path(DATABASE)).unwrap();
        case.text.extend(b"-- not strict\n");
    }
    let (own_id, own_key): (String, String) = database
        .query_row("SELECT device_id, public_key FROM device_pairing_paired", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let set = |case: &mut Case, table: &str, column: &str, cell: Cell| {
        let cell = literal(&cell);
        run(case, &database, &format!("UPDATE {table} SET {column} = {cell}"));
    };
    for (at, cell) in odd(&mut case, random, Part::Paired, &["device_id", "public_key"]) {
        set(&mut case, Part::Paired.table(), Part::Paired.columns()[at].column, cell);
    }
    for (at, cell) in odd(&mut case, random, Part::DeviceAuth, &[]) {
        set(&mut case, Part::DeviceAuth.table(), Part::DeviceAuth.columns()[at].column, cell);
    }
    let keys = ["identity_key", "public_key_pem", "private_key_pem"];
    for (at, cell) in odd(&mut case, random, Part::Identity, &keys) {
        set(&mut case, Part::Identity.table(), Part::Identity.columns()[at].column, cell);
    }
    for table in [Part::Paired, Part::DeviceAuth].map(Part::table) {
        if random.one_in(10) {
            run(&mut case, &database, &format!("DELETE FROM {table}"));
        }
    }
    for _ in 0..random.below(4) {
        let (id, record) = device(&mut case, random);
        // Half of them are as a gateway writes them.
        let odd = match random.one_in(2) {
            true => odd(&mut case, random, Part::Paired, &["device_id"]),
            false => Vec::new(),
        };
        insert(&mut case, &database, Part::Paired, &record, &odd);
        if random.one_in(3) {
            let key = record["publicKey"].as_str().unwrap().to_owned();
            let request = request(&mut case, random, (&id, &key));
            insert(&mut case, &database, Part::Pending, &request, &[]);
        }
    }
    for _ in 0..random.below(4) {
        let request = request(&mut case, random, (&own_id, &own_key));
        let odd = odd(&mut case, random, Part::Pending, &["request_id"]);
        insert(&mut case, &database, Part::Pending, &request, &odd);
    }
    if random.one_in(6) {
        let mode = "PRAGMA journal_mode = DELETE";
        database.query_row(mode, [], |_| Ok(())).unwrap();
    }
    case
}

type Rows = BTreeMap<&'static str, Vec<BTreeMap<String, Cell>>>;

fn rows(sandbox: &Sandbox) -> Rows {
    // A copy: to look changes nothing.
    let copy = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let from = sandbox.path(&format!("{DATABASE}{ending}"));
        if from.exists() {
            std::fs::copy(from, copy.path().join(format!("db{ending}"))).unwrap();
        }
    }
    let database = Connection::open(copy.path().join("db")).unwrap();
    let table = |part: Part| {
        let mut all = database.prepare(&format!("SELECT * FROM {} ORDER BY 1, 2", part.table()))?;
        let names: Vec<String> = all.column_names().into_iter().map(str::to_owned).collect();
        let row = |row: &rusqlite::Row<'_>| {
            names
                .iter()
                .enumerate()
                .map(|(at, name)| Ok((name.clone(), cell_of(row.get_ref(at)?))))
                .collect()
        };
        let rows = all.query_map([], row)?;
        rows.collect::<rusqlite::Result<Vec<BTreeMap<String, Cell>>>>()
    };
    Part::tables().map(|part| (part.table(), table(part).unwrap())).collect()
}

fn text<'a>(row: &'a BTreeMap<String, Cell>, column: &str) -> &'a str {
    match row.get(column) {
        Some(Cell::Text(text)) => text,
        _ => "",
    }
}

/// Whether the gateway can read a row's cell.
fn is_read(reference: &mut Reference, cell: &Cell) -> bool {
    match cell {
        Cell::Null => true,
        Cell::Text(text) => reference.parse(false, text.as_bytes()).is_some(),
        Cell::OddText(bytes) => reference.parse(false, bytes).is_some(),
        _ => false,
    }
}

pub fn case(mut random: Random, reference: &mut Reference) -> String {
    let sandbox = Sandbox::fixture(FIXTURE);
    let case = generate(&mut random, &sandbox);
    let told = |args: &[&str]| quiet(&case, sandbox.run(args));
    let shown = || String::from_utf8_lossy(&case.text).into_owned();
    let (before, original) = (rows(&sandbox), sandbox.contents());

    let first = told(&["diagnose", "--json"]);
    told(&["diagnose", "-v"]);
    told(&["devices", "-v"]);
    assert_eq!(sandbox.contents(), original, "diagnose changed something");
    let mut unread = 0;
    for part in [Part::Paired, Part::Pending] {
        let json = |column: &&Column| column.kind == ColumnKind::Json;
        for row in &before[part.table()] {
            let columns = part.columns().iter().filter(json);
            unread += columns.filter(|column| !is_read(reference, &row[column.column])).count();
        }
    }
    let findings = first.json()["findings"].clone();
    let findings = findings.as_array().into_iter().flatten();
    let malformed = findings.filter(|finding| finding["code"] == "cell-malformed").count() > 0;
    assert_eq!(malformed, unread > 0, "{unread} unread: {}\n{}", shown(), first.text());

    let repaired = told(&["repair", "--yes", "--json"]);
    let exit = repaired.exit.code();
    assert!(exit <= 4, "{}", repaired.text());
    let report: Value = serde_json::from_str(&repaired.stdout).unwrap_or_default();
    let changed = report["changed"] == true;
    match changed {
        true => edited(&case, reference, &before, &rows(&sandbox)),
        false => {
            assert_eq!(sandbox.contents(), original, "said to be unchanged: {}", repaired.text())
        }
    }
    let second = told(&["diagnose", "--json"]);
    if exit == 0 {
        assert_eq!(second.exit.code(), 0, "Done, and then {}\n{}", second.text(), shown());
        let again = told(&["repair", "--yes", "--json"]);
        assert_eq!(again.json()["changed"], false, "repaired twice: {}\n{}", again.text(), shown());
    }
    if changed {
        let back = told(&["restore", "--yes"]);
        assert_eq!(back.exit.code(), 0, "{}\n{}", back.text(), shown());
        assert_eq!(rows(&sandbox), before, "restored to something else: {}", shown());
    }
    let read = if unread == 0 { "read" } else { "refused" };
    format!("database {read} by the reference, repair exits {exit}")
}

/// What a repair may have done to the rows, and nothing else.
fn edited(case: &Case, reference: &mut Reference, before: &Rows, after: &Rows) {
    let shown = || String::from_utf8_lossy(&case.text).into_owned();
    let own = id_of(text(&before["device_identities"][0], "private_key_pem"));
    for (table, rows) in after {
        for row in rows {
            let id = text(row, "device_id");
            assert!(!case.never.iter().any(|never| never == id), "{table}: {id}\n{}", shown());
            let is_new = !before[table].iter().any(|then| text(then, "device_id") == id);
            assert!(!is_new || id == own, "{table}: {id} came from nowhere\n{}", shown());
        }
    }
    let json = Part::Paired.columns().iter().filter(|column| column.kind == ColumnKind::Json);
    let json: Vec<&str> = json.map(|column| column.column).collect();
    for row in &before[Part::Paired.table()] {
        let id = text(row, "device_id");
        if id == own {
            continue;
        }
        let now = after[Part::Paired.table()].iter().find(|now| text(now, "device_id") == id);
        let Some(now) = now else {
            let record = json!({"deviceId": id, "publicKey": text(row, "public_key")});
            assert!(!is_whole(id, &record), "{id} was taken out\n{}", shown());
            continue;
        };
        for (column, cell) in row {
            let may_change = json.contains(&column.as_str()) && !is_read(reference, cell)
                || TIMES.contains(&column.as_str())
                    && !matches!(cell, Cell::Integer(_) | Cell::Real(_));
            assert!(may_change || now[column] == *cell, "{id}: {column} changed\n{}", shown());
        }
    }
    for part in [Part::Bootstrap, Part::OriginTokens] {
        assert_eq!(before[part.table()], after[part.table()], "{}", shown());
    }
}

/// The id of the device whose key this is.
fn id_of(private: &str) -> String {
    let base64: String = private.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(base64).unwrap();
    let seed: [u8; 32] = der[der.len() - 32..].try_into().unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    clawmend::files::hash::of(key.as_bytes())
}
