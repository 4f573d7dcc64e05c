// The step from files to the database: what clawmend has opened must survive OpenClaw's own import.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Bench, FULL_SCOPES, grant } from "../harness/bench.mjs";
import { askCli, judge, startAndAsk } from "../harness/judge.mjs";
import { SHARED_TOKEN } from "../harness/openclaw.mjs";
import { PairingSqlite } from "../harness/pairing-sqlite.mjs";
import { describe, STRICT_IMPORT, UPGRADE_FROM, UPGRADE_TO } from "../harness/releases.mjs";

const TAKEN_OVER = `opened, then taken over by ${UPGRADE_TO}`;
const POLLUTED = `taken over by ${STRICT_IMPORT}, polluted paired.json`;
const LEFT_BEHIND = `taken over by ${STRICT_IMPORT}, device-auth.json left behind`;
const IMPORT_FAILED = /device pairing store migration failed/;
const FOREIGN_ID = "0f".repeat(32);

export const upgradeReleases = [UPGRADE_FROM, UPGRADE_TO, STRICT_IMPORT].map(describe);
export const upgradeNames = () => [TAKEN_OVER, POLLUTED, LEFT_BEHIND];

/** The same home under a later release. Without a shared token only what was imported lets the CLI in. */
function upgraded({ openclaw }, { programs }, version, auth = {}) {
  const later = openclaw.takenOverBy(describe(version), programs.get(version));
  const { gateway } = later.healthyConfig();
  later.writeConfig({ gateway: { ...gateway, ...auth } });
  return later;
}

async function notImported(later, { node24 }) {
  const { paired, identity } = await new PairingSqlite(later.state, node24).model();
  const scopes = paired[identity?.deviceId]?.scopes ?? [];
  if (!FULL_SCOPES.every((scope) => scopes.includes(scope))) return `the import kept ${JSON.stringify(scopes)}`;
  if (existsSync(join(later.state, "devices", "paired.json"))) return "paired.json was not imported";
  return undefined;
}

async function takenOver(bench, lab, clawmend) {
  await bench.edit((model) => grant(model, ["operator.read"]));
  const verdict = await judge(bench.openclaw, clawmend, { ask: askCli, restores: false });
  await bench.openclaw.stop();
  if (verdict.problem !== undefined || clawmend === undefined) return verdict;
  const later = upgraded(bench, lab, UPGRADE_TO);
  try {
    const answer = await startAndAsk(later);
    const complaint = answer.in ? await notImported(later, lab) : `after the upgrade: ${answer.words}`;
    return { ...verdict, after: answer.in ? "in" : "REFUSED", problem: complaint };
  } finally {
    await later.stop();
  }
}

/**
 * A request's record among the paired devices has no approval times, and this import stops at it. With a shared token
 * the CLI is in all the same, so here it is the import that has to be refused before, and not after.
 */
async function polluted(bench, lab, clawmend) {
  await bench.edit((model) => {
    const { publicKey } = model.paired[model.identity.deviceId];
    const request = { requestId: "stray", deviceId: FOREIGN_ID, publicKey, role: "operator", scopes: ["operator.read"] };
    model.paired[FOREIGN_ID] = { ...request, silent: false, isRepair: false, ts: Date.now() };
  });
  await bench.openclaw.stop();
  const later = upgraded(bench, lab, STRICT_IMPORT, { auth: { mode: "token", token: SHARED_TOKEN } });
  const ask = async () => {
    const answer = await startAndAsk(later);
    const complaint = IMPORT_FAILED.test(later.log()) ? "the import failed" : await notImported(later, lab);
    return complaint === undefined ? answer : { in: false, words: complaint };
  };
  return judgeAtRest(later, clawmend, { ask, diagnosable: false });
}

/** This release imports the devices but not the CLI's cached token, and without a shared token does not start then. */
async function leftBehind(bench, lab, clawmend) {
  await bench.openclaw.stop();
  return judgeAtRest(upgraded(bench, lab, STRICT_IMPORT), clawmend, { ask: startAndAsk });
}

async function judgeAtRest(later, clawmend, steps) {
  try {
    return await judge(later, clawmend, { ...steps, quiet: () => later.stop(), restores: false });
  } finally {
    await later.stop();
  }
}

export async function upgrade({ lab, clawmend, release, wants, report }) {
  const cases = [[TAKEN_OVER, takenOver], [POLLUTED, polluted], [LEFT_BEHIND, leftBehind]];
  for (const [name, judgeCase] of cases) {
    if (!wants(name)) continue;
    await report(name, async () => {
      const bench = await Bench.open(lab, release);
      try {
        await bench.settle();
        return await judgeCase(bench, lab, clawmend);
      } finally {
        await bench.close();
      }
    });
  }
}
