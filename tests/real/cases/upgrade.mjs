// The step from files to the database: what clawmend has opened must survive OpenClaw's own import.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Bench, FULL_SCOPES, grant } from "../harness/bench.mjs";
import { askCli, judge, startAndAsk } from "../harness/judge.mjs";
import { PairingSqlite } from "../harness/pairing-sqlite.mjs";
import { describe, STRICT_IMPORT, UPGRADE_FROM, UPGRADE_TO } from "../harness/releases.mjs";

const TAKEN_OVER = `opened, then taken over by ${UPGRADE_TO}`;
const POLLUTED = `taken over by ${STRICT_IMPORT}, polluted paired.json`;
const IMPORT_FAILED = /device pairing store migration failed/;
const FOREIGN_ID = "0f".repeat(32);

export const upgradeReleases = [UPGRADE_FROM, UPGRADE_TO, STRICT_IMPORT].map(describe);
export const upgradeNames = () => [TAKEN_OVER, POLLUTED];

/** The same home under a later release, whose gateway has no shared token: only what was imported lets the CLI in. */
function upgraded({ openclaw }, { programs }, version) {
  const later = openclaw.takenOverBy(describe(version), programs.get(version));
  later.writeConfig(later.healthyConfig());
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

/** A request's record among the paired devices has no approval times, and this import stops at it. */
async function polluted(bench, lab, clawmend) {
  await bench.edit((model) => {
    const { publicKey } = model.paired[model.identity.deviceId];
    const request = { requestId: "stray", deviceId: FOREIGN_ID, publicKey, role: "operator", scopes: ["operator.read"] };
    model.paired[FOREIGN_ID] = { ...request, silent: false, isRepair: false, ts: Date.now() };
  });
  await bench.openclaw.stop();
  const later = upgraded(bench, lab, STRICT_IMPORT);
  const ask = async () => {
    const answer = await startAndAsk(later);
    const failed = IMPORT_FAILED.test(later.log());
    return failed ? { in: false, words: `import failed; ${answer.in ? "the CLI is in" : answer.words}` } : answer;
  };
  try {
    return await judge(later, clawmend, { ask, quiet: () => later.stop(), restores: false });
  } finally {
    await later.stop();
  }
}

export async function upgrade({ lab, clawmend, release, wants, report }) {
  for (const [name, judgeCase] of [[TAKEN_OVER, takenOver], [POLLUTED, polluted]]) {
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
