// Through a registry on the loopback, as people get it: published, chosen by system and processor, npx, npm i -g.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { HERE, ROOT, give, home, nodes, pack, run, users, work } from "./place.mjs";

const TOOLS = process.env.CLAWMEND_NPM_TOOLS;
const NPM = join(TOOLS, "npm-10", "bin", "npm-cli.js");
const NPX = join(TOOLS, "npm-10", "bin", "npx-cli.js");
const TERMINAL = ["python3", join(ROOT, "npm", "test", "terminal.py")];
const tarballs = pack();

let registry;
let server;

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

before(async () => {
  const folder = mkdtempSync(join(work, "registry-"));
  // No uplink: what is not published here is not there.
  const config = [
    `storage: ${folder}/storage`,
    "uplinks: {}",
    "auth: { htpasswd: { file: ./htpasswd, algorithm: bcrypt } }",
    "packages: { '**': { access: $all, publish: $all, unpublish: $all } }",
    "log: { type: file, path: ./log, level: warn }",
    "max_body_size: 100mb",
  ];
  writeFileSync(join(folder, "config.yaml"), `${config.join("\n")}\n`);
  const port = await freePort();
  registry = `http://127.0.0.1:${port}/`;
  const argv = [join(TOOLS, "verdaccio", "bin", "verdaccio"), "--config", join(folder, "config.yaml"), "--listen", `127.0.0.1:${port}`];
  server = spawn(join(TOOLS, "node-24", "bin", "node"), argv, { cwd: folder, stdio: "ignore" });
  for (let tries = 0; ; tries++) {
    const up = await fetch(`${registry}-/ping`).then((answer) => answer.ok, () => false);
    if (up) break;
    assert.ok(tries < 300, "verdaccio does not start");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  for (const file of tarballs) {
    const token = `--//127.0.0.1:${port}/:_authToken=none`;
    const published = await run(["npm", "publish", join(ROOT, file.replace(ROOT, "")), "--registry", registry, token, "--ignore-scripts"], { env: { HOME: home({}, null) } });
    assert.equal(published.code, 0, published.text);
  }
});
after(() => server?.kill());

for (const user of users) {
  for (const { file: node, version } of nodes) {
    describe(`as ${user.name}, Node ${version}`, () => {
      let HOME;
      let env;
      // npm starts `node` by its name.
      const bin = mkdtempSync(join(work, "bin-"));
      before(() => {
        HOME = home(user);
        env = { HOME, PATH: `${dirname(node)}:${process.env.PATH}`, npm_config_registry: registry, npm_config_yes: "true" };
        give(bin, user);
      });
      const npm = (args, more = {}) => run([node, NPM, ...args], { user, cwd: HOME, env: { ...env, ...more.env } });
      const npx = (args, more = {}) => run([node, NPX, ...args], { user, cwd: HOME, env: { ...env, ...more.env } });

      test("npx clawmend: the diagnosis, and commands that can be pasted", async () => {
        const found = await npx(["clawmend"]);
        assert.equal(found.code, 1, found.text);
        assert.match(found.stdout, /^ {2}npx clawmend repair --dry-run /m);
        assert.match(found.stdout, /^ {2}npx clawmend repair  /m);
        assert.doesNotMatch(found.stdout.replaceAll("npx clawmend", ""), /clawmend (repair|explain|-v)/);
      });

      test("npx clawmend repair --dry-run", async () => {
        const dry = await npx(["clawmend", "repair", "--dry-run"]);
        assert.equal(dry.code, 0, dry.text);
        assert.match(dry.stdout, /What would change, in 3 files:/);
        assert.match(dry.text, /Nothing was changed: this was a dry run/);
      });

      test("npx clawmend repair asks at the terminal", async () => {
        const HOME = home(user);
        const argv = [...TERMINAL, "[y/N", "y\\n", node, NPX, "clawmend", "repair"];
        const repaired = await run(argv, { user, cwd: HOME, env: { ...env, HOME, TERM: "xterm" } });
        assert.equal(repaired.code, 0, repaired.text);
        assert.match(repaired.stdout, /^To undo: +npx clawmend undo$/m);
        const after = await npx(["clawmend"], { env: { HOME } });
        assert.equal(after.code, 0, after.text);
      });

      test("npm i -g clawmend", async () => {
        const prefix = mkdtempSync(join(work, "global-"));
        give(prefix, user);
        const installed = await npm(["install", "-g", "clawmend"], { env: { npm_config_prefix: prefix } });
        assert.equal(installed.code, 0, installed.text);
        const found = await run([join(prefix, "bin", "clawmend")], { user, cwd: HOME, env });
        assert.equal(found.code, 1);
        assert.match(found.stdout, /^ {2}clawmend repair --dry-run /m);
        const others = readdirSync(join(prefix, "lib", "node_modules", "clawmend", "node_modules", "@clawmend"));
        assert.deepEqual(others, [HERE], "npm chose by system and processor");
      });

      test("--omit=optional: which package is missing, and the commands said then work", async () => {
        const project = mkdtempSync(join(HOME, "project-"));
        give(project, user);
        const local = ["--prefix", project];
        assert.equal((await npm(["install", ...local, "--omit=optional", "clawmend"])).code, 0);
        const lacking = await run([join(project, "node_modules", ".bin", "clawmend")], { user, cwd: HOME, env });
        assert.equal(lacking.code, 127);
        assert.match(lacking.stderr, new RegExp(`@clawmend/${HERE}@`));
        const [here, global] = lacking.stderr.match(/^ {2}npm install .*$/gm).map((line) => line.replace(/\(.*/, "").trim().split(" ").slice(1));
        assert.equal((await npm([...here, ...local])).code, 0);
        assert.equal((await npx([...local, "--no", "clawmend", "--version"])).code, 0);

        const omitting = { env: { npm_config_cache: join(HOME, "other"), npm_config_omit: "optional", npm_config_prefix: mkdtempSync(join(work, "global-")) } };
        give(omitting.env.npm_config_prefix, user);
        assert.equal((await npx(["clawmend", "--version"], omitting)).code, 127);
        assert.equal((await npm(global, omitting)).code, 0);
        const found = await run([join(omitting.env.npm_config_prefix, "bin", "clawmend"), "--version"], { user, cwd: HOME, env });
        assert.equal(found.code, 0, found.text);
      });
    });
  }
}

describe("the choice by system and processor", () => {
  const choices = [
    ["linux", "x64", "linux-x64"],
    ["linux", "arm64", "linux-arm64"],
    ["darwin", "x64", "darwin-x64"],
    ["darwin", "arm64", "darwin-arm64"],
    ["win32", "x64", "win32-x64"],
    ["win32", "arm64", "win32-x64"],
    ["freebsd", "x64", undefined],
  ];
  for (const [os, cpu, wanted] of choices) {
    test(`${os} ${cpu}: ${wanted ?? "none"}`, async () => {
      const folder = mkdtempSync(join(work, "choice-"));
      const libc = os === "linux" ? ["--libc=glibc"] : [];
      const argv = ["npm", "install", "--prefix", folder, `--os=${os}`, `--cpu=${cpu}`, ...libc, "clawmend"];
      const installed = await run(argv, { env: { HOME: home({}, null), npm_config_registry: registry } });
      assert.equal(installed.code, 0, installed.text);
      const parts = join(folder, "node_modules", "@clawmend");
      assert.deepEqual(existsSync(parts) ? readdirSync(parts) : [], wanted ? [wanted] : []);
    });
  }
});
