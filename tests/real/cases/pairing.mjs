// Pairing lockouts: the gateway runs throughout and is never restarted, except in the case that is about that.
import { randomBytes, randomUUID } from "node:crypto";
import { Bench, grant } from "../harness/bench.mjs";
import { askCli, judge, startAndAsk } from "../harness/judge.mjs";
import { SHARED_TOKEN } from "../harness/openclaw.mjs";
import { relayTo } from "../harness/relay.mjs";
import { since } from "../harness/releases.mjs";

const files = (release) => !release.sqlite;
const narrows = (release) => !release.upgradesSilently;

const forgetDevice = (model) => {
  delete model.paired[model.identity.deviceId];
  model.cached = {};
};

/** First contact through a reverse proxy: the request that stands afterwards is never approved silently. */
async function firstContactThroughProxy({ openclaw, pairing }) {
  await pairing.putBack(new Map());
  const relay = await relayTo(openclaw.port);
  try {
    const url = `ws://127.0.0.1:${relay.port}`;
    await openclaw.command(["devices", "list", "--url", url, "--token", SHARED_TOKEN]);
  } finally {
    relay.close();
  }
  const { pending } = await pairing.model();
  if (!Object.values(pending).some((request) => request.silent !== true)) {
    throw new Error("the request that came through the proxy does not stand");
  }
}

/** `applies`: on which releases this is a lockout at all. `lock` starts from the healthy state, gateway running. */
const LOCKOUTS = [
  {
    name: "fresh install",
    // Later releases pair themselves with all that is needed; those in between widen silently.
    applies: (release) => files(release) && narrows(release),
    async lock({ openclaw, pairing }) {
      await pairing.putBack(new Map());
      await openclaw.command(["devices", "list"]);
    },
  },
  {
    name: "narrowed to operator.read",
    applies: narrows,
    lock: (bench) => bench.edit((model) => grant(model, ["operator.read"])),
  },
  {
    name: "narrowed to operator.pairing",
    applies: narrows,
    lock: (bench) => bench.edit((model) => grant(model, ["operator.pairing"])),
  },
  {
    name: "pending after a proxy",
    // From 2026.8 on the gateway turns an unknown proxy away before any request is made (see config.mjs).
    applies: files,
    lock: firstContactThroughProxy,
  },
  {
    name: "request for operator.read alone",
    // Up to 2026.2.19 a standing request is neither replaced nor widened by what the CLI really needs.
    applies: (release) => !since(release.version, "2026.2.20"),
    lock: (bench) =>
      bench.edit((model) => {
        const { deviceId, publicKey, platform } = model.paired[model.identity.deviceId];
        const requestId = randomUUID();
        const asked = { role: "operator", roles: ["operator"], scopes: ["operator.read"] };
        const client = { clientId: "gateway-client", clientMode: "backend", platform };
        const state = { silent: false, isRepair: false, ts: Date.now() };
        model.pending = { [requestId]: { requestId, deviceId, publicKey, ...client, ...asked, ...state } };
        forgetDevice(model);
      }),
  },
  {
    name: "paired.json is []",
    // Without a request that stands, every call is approved silently again, and nothing of it is kept.
    applies: files,
    async lock(bench) {
      await firstContactThroughProxy(bench);
      bench.pairing.writeRaw("paired", "[]\n");
    },
  },
  {
    name: "cached token differs",
    // With a shared token, as up to 2026.7, the CLI does not depend on its own.
    applies: (release) => release.sqlite,
    lock: (bench) =>
      bench.edit((model) => {
        model.cached.operator.token = randomBytes(32).toString("base64url");
      }),
  },
  {
    name: "cached token deleted",
    applies: (release) => release.sqlite,
    lock: (bench) =>
      bench.edit((model) => {
        model.cached = {};
      }),
  },
];

const withoutKey = (text) => text.replace(/PRIVATE KEY-----\\n.{40}/, "PRIVATE KEY-----\\n");

/**
 * What `--new-identity` is for. The CLI is refused first, and its identity is broken after that: a CLI that is asked with
 * a broken one may make another by itself. `keeps`: the private key can be saved, so the device stays the same.
 */
const IDENTITIES = [
  {
    name: "identity deleted",
    keeps: false,
    spoil: ({ pairing, release }) =>
      release.sqlite ? pairing.run(["DELETE FROM device_identities"]) : pairing.rewriteRaw("identity", () => undefined),
  },
  {
    name: "identity with a damaged key",
    keeps: false,
    spoil: ({ pairing, release }) =>
      release.sqlite
        ? pairing.run(["UPDATE device_identities SET private_key_pem = substr(private_key_pem, 1, 50)"])
        : pairing.rewriteRaw("identity", withoutKey),
  },
  {
    name: "identity cut off behind its key",
    keeps: true,
    spoil: ({ pairing, release }) =>
      release.sqlite
        ? pairing.run(["UPDATE device_identities SET public_key_pem = '', device_id = 'x'"])
        : pairing.rewriteRaw("identity", (text) => text.slice(0, text.indexOf("-----END PRIVATE KEY"))),
  },
];

async function renewed(bench, clawmend, { keeps, spoil }) {
  await bench.edit((model) => grant(model, ["operator.read"]));
  const before = (await bench.pairing.model()).identity.deviceId;
  const columns = await judge(bench.openclaw, clawmend, {
    ask: askCli,
    quiet: () => spoil(bench),
    repairArgs: ["--new-identity"],
    // What was there before is no identity.
    restores: false,
  });
  if (columns.after === "in" && ((await bench.pairing.model()).identity.deviceId === before) !== keeps) {
    columns.problem = keeps ? "the device is another one" : "the device is the old one";
  }
  return columns;
}

/** Every release has one of these two: the lockout that is also repaired with the gateway at rest. */
const atRest = (release) =>
  LOCKOUTS.find(({ name }) => name === (narrows(release) ? "narrowed to operator.read" : "pending after a proxy"));

export function pairingNames(release) {
  const names = LOCKOUTS.filter(({ applies }) => applies(release)).map(({ name }) => name);
  if (narrows(release)) names.push(...IDENTITIES.map(({ name }) => name));
  return [...names, `${atRest(release).name}, gateway stopped`];
}

export async function pairing({ lab, clawmend, release, wants, report, ask = askCli }) {
  const bench = await Bench.open(lab, release);
  try {
    await bench.settle();
    for (const { name, applies, lock } of LOCKOUTS) {
      if (!applies(release) || !wants(name)) continue;
      await report(name, async () => {
        await bench.reset();
        await lock(bench);
        return judge(bench.openclaw, clawmend, { ask });
      });
    }
    for (const identity of narrows(release) ? IDENTITIES : []) {
      if (!wants(identity.name)) continue;
      await report(identity.name, async () => {
        await bench.reset();
        return renewed(bench, clawmend, identity);
      });
    }
    const { name, lock } = atRest(release);
    const stopped = `${name}, gateway stopped`;
    if (!wants(stopped)) return;
    await report(stopped, async () => {
      await bench.reset();
      await lock(bench);
      const ask = (openclaw) => (openclaw.running ? askCli(openclaw) : startAndAsk(openclaw));
      return judge(bench.openclaw, clawmend, { ask, quiet: (openclaw) => openclaw.stop() });
    });
  } finally {
    await bench.close();
  }
}
