// The tool under judgement, run as its user would run it on the home of an OpenClaw.
import { run } from "./processes.mjs";

const TIMEOUT_MS = 60_000;

export class Clawmend {
  constructor(path) {
    this.path = path;
  }

  async #run(args, openclaw, stateDir) {
    const env = { ...openclaw.env, RUST_BACKTRACE: "1" };
    if (stateDir !== undefined) env.OPENCLAW_STATE_DIR = stateDir;
    const { code, stdout, stderr } = await run(this.path, args, { env, cwd: openclaw.home, timeoutMs: TIMEOUT_MS });
    return { code, words: `${stdout}${stderr}`.trim() };
  }

  /** Exit 0 is healthy, 1 is locked. `stateDir` looks at a copy. */
  diagnose(openclaw, stateDir) {
    return this.#run(["diagnose"], openclaw, stateDir);
  }

  /** What diagnose says to a program: its exit code, and the codes of the findings that block. */
  async diagnoseJson(openclaw) {
    const { code, words } = await this.#run(["diagnose", "--json"], openclaw);
    let report;
    try {
      report = JSON.parse(words);
    } catch {
      return { exit: code, blocks: [], words };
    }
    const named = (severity) => report.findings.filter((each) => each.severity === severity).map((each) => each.code);
    return { exit: code, blocks: named("blocks"), warnings: named("warning"), era: report.store };
  }

  repair(openclaw, args) {
    return this.#run(["repair", "--yes", ...args], openclaw);
  }

  /** Without `--force`: what the gateway and the CLI have written to the state since the repair is no loss. */
  restore(openclaw) {
    return this.#run(["undo", "--yes"], openclaw);
  }
}
