// Every child process of the judge: started in its own group, bounded by a deadline, and never outliving the run.
//
// Each child carries a mark in its environment. A gateway starts helpers of its own, some in groups of their own, so
// the last sweep goes by that mark and not by the group alone.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const MARK = `CLAWMEND_JUDGE_RUN=${randomUUID()}`;
const STOP_GRACE_MS = 8_000;
const PIPE_GRACE_MS = 2_000;
const [markName, markValue] = MARK.split("=");
const groups = new Set();

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

function start(command, args, { env, cwd, stdio }) {
  const child = spawn(command, args, { env: { ...env, [markName]: markValue }, cwd, stdio, detached: true });
  if (child.pid !== undefined) groups.add(child.pid);
  return child;
}

/** Runs a command to its end. Resolves with its exit code (124 for a passed deadline) and what it said. */
export function run(command, args, { env, cwd, input, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const child = start(command, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      signalGroup(child.pid, "SIGKILL");
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.stdin.on("error", () => {}); // the child may end without reading
    child.stdin.end(input ?? "");
    child.on("error", (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    child.on("exit", () => {
      // A helper that left the group may hold the pipes open for as long as it lives.
      setTimeout(() => (child.stdout.destroy(), child.stderr.destroy()), PIPE_GRACE_MS);
    });
    child.on("close", (code, signal) => {
      if (child.pid === undefined) return; // never started: "error" has said so
      clearTimeout(deadline);
      signalGroup(child.pid, "SIGKILL");
      groups.delete(child.pid);
      if (late) stderr += `\n(no answer within ${timeoutMs / 1000} s: killed)`;
      resolve({ code: late ? 124 : (code ?? `signal ${signal}`), stdout, stderr });
    });
  });
}

/**
 * Starts a process that answers: each line it is given on file descriptor 4, it answers with one line on 3.
 * `ask` gives up, and ends the process, after its time.
 */
export function answering(command, args, { env, cwd }) {
  const child = start(command, args, { env, cwd, stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (words = (words + text).slice(-4_000)));
  const questions = child.stdio[4];
  questions.on("error", () => {}); // it may have ended
  const lines = createInterface({ input: child.stdio[3] });
  const waiting = [];
  lines.on("line", (line) => waiting.shift()?.resolve(line));
  const fail = (reason) => {
    for (const each of waiting.splice(0)) each.reject(new Error(`${reason}: ${words}`));
  };
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code, signal) => {
    groups.delete(child.pid);
    fail(`it ended (${code ?? signal})`);
  });
  const stop = () => {
    if (child.exitCode === null && child.signalCode === null) signalGroup(child.pid, "SIGKILL");
  };
  return {
    stop,
    ask(line, timeoutMs) {
      return new Promise((resolve, reject) => {
        const deadline = setTimeout(() => (stop(), fail(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
        const done = (settle) => (value) => (clearTimeout(deadline), settle(value));
        waiting.push({ resolve: done(resolve), reject: done(reject) });
        if (child.exitCode !== null || child.signalCode !== null) return fail("it had ended");
        questions.write(`${line}\n`);
      });
    },
  };
}

/** Starts a process that stays, its output in a file. `exit` resolves with its exit code when it ends. */
export function keep(command, args, { env, cwd, logFile }) {
  const log = openSync(logFile, "w");
  const child = start(command, args, { env, cwd, stdio: ["ignore", log, log] });
  closeSync(log);
  const kept = { ended: false, code: null };
  kept.exit = new Promise((resolve) => {
    const end = (code) => {
      kept.ended = true;
      kept.code = code;
      resolve(code);
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(code ?? `signal ${signal}`));
  });
  kept.stop = async () => {
    if (!kept.ended) signalGroup(child.pid, "SIGTERM");
    await Promise.race([kept.exit, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    signalGroup(child.pid, "SIGKILL");
    await kept.exit;
    groups.delete(child.pid);
  };
  return kept;
}

function marked() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      if (pid === process.pid) return false;
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(MARK);
      } catch {
        return false; // gone, or another user's
      }
    });
}

function killEverything() {
  for (const pid of groups) signalGroup(pid, "SIGKILL");
  for (const pid of marked()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended meanwhile
    }
  }
}

/** From here on nothing outlives this process, however it ends; `last` runs after the children are gone. */
export function cleanUpAtExit(last) {
  process.on("exit", () => {
    killEverything();
    last();
  });
  for (const [signal, number] of [["SIGHUP", 1], ["SIGINT", 2], ["SIGTERM", 15]]) {
    process.on(signal, () => process.exit(128 + number));
  }
}
