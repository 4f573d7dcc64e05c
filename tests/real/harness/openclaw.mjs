// One real OpenClaw on a scratch home: its gateway and its command line, as a person would run them.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answering, keep, run } from "./processes.mjs";
import { since } from "./releases.mjs";

const START_TIMEOUT_MS = 150_000;
const SETTLE_MS = Number(process.env.JUDGE_SETTLE_MS ?? 3_000);
const COMMAND_TIMEOUT_MS = 60_000;
const ASK_WORKER = new URL("ask-worker.mjs", import.meta.url).pathname;
const ASK_TIMEOUT_MS = 150_000;
export const SHARED_TOKEN = "judge-shared-token-0123456789abcdef";

/** "The CLI is in" means that the gateway answers all of these. */
export const QUESTIONS = [["devices", "list"], ["cron", "list"], ["health"]];
/** `devices list` answers from the store itself when the gateway turns it away, and exits 0; with `--json` it hides that. */
const LOCAL_FALLBACK = /using local fallback/;
/** Seen on 2026.4.23 and 2026.4.27: the start fetches packages for the bundled plugins, for minutes. 2026.4.15 and 2026.5.3 do not. */
const fetchesPlugins = ({ version }) => since(version, "2026.4.16") && !since(version, "2026.5.3");
const RATE_LIMITED = /too many failed authentication attempts/;

async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (yes) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => answer(true)).once("error", () => answer(false));
  });
}

/** The lines of an OpenClaw output that say why, without colours, tables and plugins that did not load. */
export function gist(text) {
  const lines = text
    .replace(/\x1b\[[\d;]*m/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /refus|block|invalid|pairing|unauthorized|mismatch|credential|scope|closed|error|clobber|restored|fail|fallback/i.test(line))
    .filter((line) => !/^\[?plugins|libsignal|failed to load|^Require stack|stability bundle|^│/.test(line));
  return [...new Set(lines)].slice(0, 4).join(" | ").slice(0, 500);
}

/** Homes of one run share what OpenClaw compiles there: the first start of 2026.2.19 spends 20 s on it. */
const temporary = (home) => process.env.JUDGE_TMP ?? join(dirname(home), "tmp");

export class OpenClaw {
  #gateway;
  #asker;

  static async at(home, release, program) {
    mkdirSync(join(home, ".openclaw"), { recursive: true, mode: 0o700 });
    mkdirSync(temporary(home), { recursive: true });
    return new OpenClaw(home, release, program, await freePort());
  }

  constructor(home, release, program, port) {
    this.home = home;
    this.release = release;
    this.program = program;
    this.port = port;
    this.state = join(home, ".openclaw");
    this.configFile = join(this.state, "openclaw.json");
    this.logFile = join(home, "gateway.log");
    /** What a service's command line says after `gateway run`. */
    this.serviceArgs = [];
    /** What every process on this home sees: the gateway, the CLI and clawmend. */
    this.env = {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: temporary(home),
      LANG: "C.UTF-8",
      NO_COLOR: "1",
      OPENCLAW_SKIP_CHANNELS: "1",
      OPENCLAW_NO_AUTO_UPDATE: "1",
      OPENCLAW_DISABLE_BONJOUR: "1",
      ...(fetchesPlugins(release) ? { OPENCLAW_DISABLE_BUNDLED_PLUGINS: "1" } : {}),
    };
  }

  /** The same home under another release: what an upgrade is. */
  takenOverBy(release, program) {
    return new OpenClaw(this.home, release, program, this.port);
  }

  /** A healthy config. Up to 2026.7 with a shared token; later without one, where a device must be paired to get in. */
  healthyConfig() {
    const auth = this.release.sqlite ? {} : { auth: { mode: "token", token: SHARED_TOKEN } };
    return { gateway: { mode: "local", bind: "loopback", port: this.port, ...auth } };
  }

  writeConfig(config) {
    writeFileSync(this.configFile, typeof config === "string" ? config : `${JSON.stringify(config, null, 2)}\n`, {
      mode: 0o600,
    });
  }

  get running() {
    return this.#gateway !== undefined && !this.#gateway.ended;
  }

  /**
   * Starts the gateway and waits until it serves. Resolves with "up", or with the reason why it did not start.
   * `serviceEnv` is what a service manager would give to the gateway alone, or (undefined) what only the shell has; `listening`
   * is called as soon as it listens.
   */
  async tryStart(serviceEnv = {}, listening = () => {}) {
    if (this.running) throw new Error("this gateway runs already");
    const { node, entry } = this.program;
    this.#gateway = keep(node, [entry, "gateway", "run", ...this.serviceArgs], {
      env: { ...this.env, ...serviceEnv },
      cwd: temporary(this.home), // not where the CLI is called: a `.env` there is not the service's
      logFile: this.logFile,
    });
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline && this.running) {
      if (await listens(this.port)) {
        listening();
        await sleep(SETTLE_MS);
        if (this.running) return "up";
      }
      await sleep(250);
    }
    const reason = this.running ? `does not listen after ${START_TIMEOUT_MS / 1000} s` : `exit ${this.#gateway.code}`;
    await this.stop();
    return `${reason}: ${gist(this.log())}`;
  }

  async start() {
    const outcome = await this.tryStart();
    if (outcome !== "up") throw new Error(`the gateway of ${this.release.version} did not start: ${outcome}`);
  }

  async stop() {
    await this.#gateway?.stop();
    this.#gateway = undefined;
  }

  log() {
    return readFileSync(this.logFile, "utf8");
  }

  async command(args) {
    const { node, entry } = this.program;
    return run(node, [entry, ...args], { env: this.env, cwd: this.home, timeoutMs: COMMAND_TIMEOUT_MS });
  }

  /** Asks the gateway through the CLI until it is turned away once. Resolves with undefined if it never is. */
  async firstRefusal() {
    for (const question of QUESTIONS) {
      const { code, stdout, stderr } = await this.command(question);
      if (RATE_LIMITED.test(stderr)) throw new Error("the gateway counts attempts now: its answers say nothing about the state");
      if (code !== 0 || LOCAL_FALLBACK.test(stderr + stdout)) {
        return { question: question.join(" "), code, words: gist(stderr + stdout) };
      }
    }
    return undefined;
  }

  /** Begins to load what `answers` asks with. */
  loadAsker() {
    const { node, entry } = this.program;
    this.#asker ??= answering(node, ["--no-warnings", ASK_WORKER, dirname(entry)], { env: this.env, cwd: this.home });
  }

  /**
   * Asks the gateway all questions, whatever each says, by one process of the CLI that stays: a question costs a tenth of
   * what a command costs. Resolves with what each came to: `{ question, passed, words }`.
   */
  async answers() {
    this.loadAsker();
    const ask = async () => JSON.parse(await this.#asker.ask(JSON.stringify(QUESTIONS), ASK_TIMEOUT_MS));
    let answers = await ask();
    // A refusal has words: a code alone is of the question before, which ended late in the same process (2026.2.3).
    if (answers.some(({ code, said }) => code !== 0 && code !== 124 && gist(said) === "")) answers = await ask();
    return answers.map(({ question, code, said }) => {
      if (RATE_LIMITED.test(said)) throw new Error("the gateway counts attempts now: its answers say nothing about the state");
      const words = gist(said) || `exit ${code}: ${said.trim().slice(-200)}`;
      return { question, code, passed: code === 0 && !LOCAL_FALLBACK.test(said), words };
    });
  }

  remove() {
    this.#asker?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
