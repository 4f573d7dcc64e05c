// Asks a gateway through the real command line, any number of times in one process: most of what a command costs is to
// load it. Runs under the release's Node on the home of a box, with the folder of the package as its argument. Each line
// on file descriptor 4 is a list of commands as JSON; each line on 3 says what came of them. (The command line has its own
// ways with stdin.)
import { createReadStream, existsSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { enableCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const dist = join(folder, "dist");
const ENTRY = join(folder, "openclaw.mjs");
const QUESTION_TIMEOUT_MS = 45_000;

enableCompileCache(); // below the run's folder for temporary files

async function commandLine() {
  const stable = join(dist, "cli", "run-main.js");
  const names = existsSync(stable) ? [stable] : readdirSync(dist).filter((name) => /^run-main-.*\.m?js$/.test(name)).map((name) => join(dist, name));
  for (const name of names) {
    const built = await import(pathToFileURL(name));
    const runCli = Object.values(built).find((each) => typeof each === "function" && each.name === "runCli");
    if (runCli !== undefined) return runCli;
  }
  throw new Error(`no runCli in ${dist}`);
}

class Exit extends Error {}
let said = "";
const keep = (chunk, ...rest) => {
  said += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
  rest.find((each) => typeof each === "function")?.();
  return true;
};
process.stdout.write = keep;
process.stderr.write = keep;

const realExit = process.exit;
let ended;
process.exit = (code) => {
  ended?.(code ?? process.exitCode ?? 0);
  throw new Exit();
};
const LOST = ["uncaughtException", "unhandledRejection"];
for (const event of LOST) process.on(event, (error) => error instanceof Exit || ended?.(1, error));
// The command line would end the process at the first of these; here they belong to one command only.
const realOn = process.on;
process.on = (event, ...rest) => (LOST.includes(event) ? process : realOn.call(process, event, ...rest));

const runCli = await commandLine();

async function ask(question) {
  said = "";
  process.exitCode = undefined;
  process.argv = [process.execPath, ENTRY, ...question];
  let late;
  const code = await new Promise((resolve) => {
    ended = (each, error) => {
      if (error) said += `\n${error.stack}`;
      resolve(each);
    };
    late = setTimeout(() => resolve(124), QUESTION_TIMEOUT_MS);
    runCli(process.argv).then(
      () => setTimeout(() => resolve(process.exitCode ?? 0), 50),
      (error) => {
        if (!(error instanceof Exit)) said += `\n${error.message}`;
        resolve(process.exitCode || 1);
      },
    );
  });
  clearTimeout(late);
  ended = undefined;
  return { question: question.join(" "), code, said };
}

for await (const line of createInterface({ input: createReadStream("", { fd: 4 }) })) {
  const answers = [];
  for (const question of JSON.parse(line)) answers.push(await ask(question));
  writeSync(3, `${JSON.stringify(answers)}\n`);
}
realExit.call(process, 0);
