// The pairing store of releases from 2026.8.1 on: tables of the state database. Same interface as pairing-files.mjs.
import { join } from "node:path";
import { run } from "./processes.mjs";

const WORKER = new URL("sqlite-worker.mjs", import.meta.url).pathname;
const WORKER_TIMEOUT_MS = 30_000;
const PAIRED = "device_pairing_paired";
const PENDING = "device_pairing_pending";
const CACHED = "device_auth_tokens";
const IDENTITIES = "device_identities";
const TABLES = [PAIRED, PENDING, CACHED, IDENTITIES, "gateway_origin_device_tokens", "device_bootstrap_tokens"];
const FLAGS = new Set(["silent", "isRepair"]);

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A row as the record that the file store would hold: `roles_json: '["operator"]'` is `roles: ["operator"]`. */
function record(row) {
  const entries = Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([column, value]) => {
      if (column.endsWith("_json")) return [camel(column.slice(0, -5)), JSON.parse(value)];
      const name = camel(column);
      return [name, FLAGS.has(name) ? value === 1 : value];
    });
  return Object.fromEntries(entries);
}

function row(record) {
  const entries = Object.entries(record).map(([name, value]) => {
    if (value !== null && typeof value === "object") return [`${snake(name)}_json`, JSON.stringify(value)];
    return [snake(name), typeof value === "boolean" ? Number(value) : value];
  });
  return Object.fromEntries(entries);
}

const keyed = (rows, key) => Object.fromEntries(rows.map(record).map((each) => [each[key], each]));

export class PairingSqlite {
  constructor(state, node24) {
    this.database = join(state, "state", "openclaw.sqlite");
    this.node24 = node24;
  }

  async image() {
    return this.#ask({ tables: TABLES });
  }

  async putBack(image) {
    await this.#ask({ rows: image });
  }

  async model() {
    const tables = await this.image();
    const identity = tables[IDENTITIES].map(record).find((each) => each.identityKey === "primary");
    const own = tables[CACHED].filter((each) => each.device_id === identity?.deviceId);
    return {
      identity,
      paired: keyed(tables[PAIRED], "deviceId"),
      pending: keyed(tables[PENDING], "requestId"),
      cached: keyed(own, "role"),
    };
  }

  /** Writes everything but the identity, which no lockout changes. */
  async write({ identity, paired, pending, cached }) {
    const tokens = Object.values(cached).map((token) => ({ deviceId: identity.deviceId, ...token }));
    await this.#ask({
      rows: {
        [PAIRED]: Object.values(paired).map(row),
        [PENDING]: Object.values(pending).map(row),
        [CACHED]: tokens.map(row),
      },
    });
  }

  /** Runs statements as they stand, for databases that are faulty as such. */
  async run(sql) {
    await this.#ask({ sql });
  }

  async #ask(request) {
    const { code, stdout, stderr } = await run(this.node24, ["--no-warnings", WORKER], {
      env: process.env,
      input: JSON.stringify({ database: this.database, ...request }),
      timeoutMs: WORKER_TIMEOUT_MS,
    });
    if (code !== 0) throw new Error(`the database helper failed (${code}): ${stderr}`);
    return stdout === "" ? undefined : JSON.parse(stdout);
  }
}
