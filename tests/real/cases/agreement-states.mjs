// Varied pairing states, the same ones for the same seed. A state is a list of traits; each trait edits the healthy
// model. First every trait alone, then combinations of several.
import { randomBytes, randomUUID } from "node:crypto";
import { FULL_SCOPES } from "../harness/bench.mjs";

const SEED = 20261124;
const STATES = 84;
const EXPIRED_MS = 6 * 60_000;

/** mulberry32: a small generator, so that a state that disagreed can be made again. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const operator = (...names) => names.map((name) => `operator.${name}`);
const SCOPES = {
  full: FULL_SCOPES,
  admin: operator("admin"),
  read: operator("read"),
  write: operator("write"),
  pairing: operator("pairing"),
  "pairing and read": operator("pairing", "read"),
  "all but read": operator("admin", "approvals", "pairing"),
  "all but admin": operator("approvals", "pairing", "read", "write"),
  none: [],
};

const device = (model) => model.paired[model.identity.deviceId];
const everyScopes = (set) => (change) => Object.entries(SCOPES).map(([name, scopes]) => [set(name), change(scopes)]);

function request(model, { scopes = FULL_SCOPES, silent, isRepair = true, age = 0 }) {
  const { deviceId, publicKey, platform, deviceFamily, clientId, clientMode } = device(model);
  const requestId = randomUUID();
  const asks = { role: "operator", roles: ["operator"], scopes };
  const client = { platform, deviceFamily, clientId, clientMode };
  model.pending[requestId] = { requestId, deviceId, publicKey, ...client, ...asks, silent, isRepair, ts: Date.now() - age };
}

/**
 * The traits by what they touch: a state takes at most one of each kind, in this order (a missing row comes last, as
 * the others edit the row). A trait is its name and what it does to the model.
 */
const KINDS = {
  scopes: everyScopes((name) => `scopes: ${name}`)((scopes) => (model) => {
    device(model).scopes = scopes;
  }),
  approvedScopes: [
    ["approvedScopes: absent", (model) => delete device(model).approvedScopes],
    ...everyScopes((name) => `approvedScopes: ${name}`)((scopes) => (model) => {
      device(model).approvedScopes = scopes;
    }),
  ],
  tokenScopes: everyScopes((name) => `token scopes: ${name}`)((scopes) => (model) => {
    device(model).tokens.operator.scopes = scopes;
  }),
  token: [
    ["token revoked", (model) => (device(model).tokens.operator.revokedAtMs = Date.now() - 60_000)],
    ["token missing", (model) => delete device(model).tokens.operator],
    ["no tokens field", (model) => delete device(model).tokens],
  ],
  cached: [
    ["cached token differs", (model) => (model.cached.operator.token = randomBytes(32).toString("base64url"))],
    ["cached token missing", (model) => (model.cached = {})],
    ["cached scopes: read", (model) => (model.cached.operator.scopes = operator("read"))],
    ["cached scopes: none", (model) => (model.cached.operator.scopes = [])],
  ],
  role: [
    ["role: node", (model) => Object.assign(device(model), { role: "node", roles: ["node"] })],
    ["role: node, roles: operator and node", (model) => Object.assign(device(model), { role: "node", roles: ["operator", "node"] })],
    ["roles absent", (model) => delete device(model).roles],
    ["role absent", (model) => delete device(model).role],
    ["role and roles absent", (model) => (delete device(model).role, delete device(model).roles)],
    ["roles: none", (model) => (device(model).roles = [])],
  ],
  platform: [
    ["platform: darwin", (model) => (device(model).platform = "darwin")],
    ["platform: Linux", (model) => (device(model).platform = "Linux")],
    ["platform absent", (model) => delete device(model).platform],
  ],
  deviceFamily: [
    ["deviceFamily: Mac", (model) => (device(model).deviceFamily = "Mac")],
    ["deviceFamily absent", (model) => delete device(model).deviceFamily],
  ],
  client: [
    ["clientMode: backend", (model) => Object.assign(device(model), { clientId: "gateway-client", clientMode: "backend" })],
    ["clientId absent", (model) => (delete device(model).clientId, delete device(model).clientMode)],
  ],
  pending: [
    ["pending: repair, not silent", (model) => request(model, { silent: false })],
    ["pending: repair, silent", (model) => request(model, { silent: true })],
    ["pending: repair, not silent, read", (model) => request(model, { silent: false, scopes: operator("read") })],
    ["pending: first contact, not silent", (model) => request(model, { silent: false, isRepair: false })],
    ["pending: expired", (model) => request(model, { silent: false, age: EXPIRED_MS })],
  ],
  row: [
    ["row missing", (model) => delete model.paired[model.identity.deviceId]],
    ["row's key differs", (model) => (device(model).publicKey = randomBytes(32).toString("base64url"))],
  ],
};

function shuffled(items, random) {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}

function combination(random) {
  const kinds = new Set(shuffled(Object.keys(KINDS), random).slice(0, 2 + Math.floor(random() * 3)));
  return Object.entries(KINDS)
    .filter(([kind]) => kinds.has(kind))
    .map(([, traits]) => traits[Math.floor(random() * traits.length)]);
}

/** States as `{ name, change }`; the first is the healthy one itself. */
export function pairingStates() {
  const random = randomFrom(SEED);
  const singles = Object.values(KINDS).flat().map((trait) => [trait]);
  const combined = Array.from({ length: STATES - 1 - singles.length }, () => combination(random));
  return [[], ...singles, ...combined].map((traits, index) => ({
    name: `state ${index}: ${traits.map(([name]) => name).join("; ") || "healthy"}`,
    change(model) {
      for (const [, change] of traits) change(model);
    },
  }));
}
