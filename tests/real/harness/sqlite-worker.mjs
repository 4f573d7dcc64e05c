// Reads or replaces whole pairing tables of an OpenClaw database. Runs under the installed Node 24, for `node:sqlite`:
// one JSON request on stdin, `{ database, tables: [name] }` to read, `{ database, rows: { name: [row] } }` to replace, or
// `{ database, sql: [statement] }` to run as it stands.
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const { database, tables, rows, sql } = JSON.parse(readFileSync(0, "utf8"));
const db = new DatabaseSync(database, { readOnly: tables !== undefined });
db.exec("PRAGMA busy_timeout = 10000");

if (sql !== undefined) {
  for (const statement of sql) db.exec(statement);
} else if (rows === undefined) {
  // 2026.7.2-beta.5 has no gateway_origin_device_tokens yet.
  const here = new Set(db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all().map(({ name }) => name));
  const read = tables.filter((table) => here.has(table)).map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()]);
  console.log(JSON.stringify(Object.fromEntries(read)));
} else {
  db.exec("BEGIN IMMEDIATE");
  for (const [table, wanted] of Object.entries(rows)) {
    db.exec(`DELETE FROM ${table}`);
    for (const row of wanted) {
      const columns = Object.keys(row);
      const places = columns.map(() => "?").join(", ");
      db.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`).run(...Object.values(row));
    }
  }
  db.exec("COMMIT");
}
db.close();
