// The shim, installed with no registry, on each Node, as root and as a user.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { HERE, ROOT, home, installedOffline, nodes, pack, partOf, run, shimOf, users, work } from "./place.mjs";

const PTY = ["python3", join(ROOT, "npm", "test", "terminal.py")];
const tarballs = pack();
const version = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^version = "(.*)"$/m)[1];
const unpacked = (file, name) => execFileSync("tar", ["xzOf", file, `package/${name}`], { encoding: "latin1", maxBuffer: 1 << 28 });

test("the main package is published last and asks for exactly the other ones; nothing runs at install", () => {
  assert.match(tarballs.at(-1), new RegExp(`/clawmend-${version}\\.tgz$`));
  const manifests = tarballs.map((file) => JSON.parse(unpacked(file, "package.json")));
  for (const manifest of manifests) {
    assert.equal(manifest.version, version);
    assert.equal(manifest.scripts, undefined);
    assert.equal(manifest.dependencies, undefined);
  }
  const main = manifests.pop();
  assert.deepEqual(main.optionalDependencies, Object.fromEntries(manifests.map(({ name }) => [name, version])));
  for (const { name, os, cpu } of manifests) assert.ok(name.startsWith(`@clawmend/${os[0]}-${cpu[0]}`), name);
});

test("a static program is for each libc, and the bit to run is packed", () => {
  for (const file of tarballs.slice(0, -1)) {
    const name = unpacked(file, "package.json").includes("win32") ? "bin/clawmend.exe" : "bin/clawmend";
    const line = execFileSync("tar", ["tvzf", file, `package/${name}`], { encoding: "utf8" });
    assert.match(line, /^-rwxr-xr-x/);
    const isDynamic = file.includes("linux") && unpacked(file, name).includes("/ld-linux-");
    assert.deepEqual(JSON.parse(unpacked(file, "package.json")).libc, isDynamic ? ["glibc"] : undefined, file);
  }
});

test("a program of another platform is not packed", () => {
  const other = HERE === "linux-x64" ? "linux-arm64" : "linux-x64";
  const argv = [join(ROOT, "npm", "build.mjs"), join(work, "wrong"), `${other}=${process.execPath}`];
  assert.throws(() => execFileSync(process.execPath, argv, { stdio: "pipe" }), /is for \S+, not for/);
});

for (const user of users) {
  describe(`as ${user.name}`, () => {
    let prefix;
    let bash; // The same packages with bash as the program: it does what a test tells it.
    before(async () => {
      prefix = await installedOffline(tarballs, user);
      bash = await installedOffline(tarballs, user);
      copyFileSync("/bin/bash", join(partOf(bash), "bin", "clawmend"));
    });

    test("the bit to run survives", () => {
      assert.equal(statSync(join(partOf(prefix), "bin", "clawmend")).mode & 0o111, 0o111);
    });

    for (const { file: node, version: nodeVersion } of nodes) {
      describe(`Node ${nodeVersion}`, () => {
        const clawmend = (args, more) => run([node, shimOf(prefix), ...args], { user, ...more });
        const script = (text, more = {}) => run([node, shimOf(bash), "-c", text, ...(more.args ?? [])], { user, ...more });

        test("runs the program, with its exit code and its output", async () => {
          const HOME = home(user);
          assert.equal((await clawmend(["--version"], { env: { HOME } })).stdout, `clawmend ${version}\n`);
          const found = await clawmend([], { env: { HOME } });
          assert.equal(found.code, 1);
          assert.match(found.stdout, /cli-scopes-missing/);
          assert.equal(found.stderr, "", "no warning of Node's");
          assert.equal((await clawmend(["--nonsense"], { env: { HOME } })).code, 2);
          assert.equal((await clawmend(["repair", "--dry-run"], { env: { HOME } })).code, 0);
          assert.equal((await clawmend(["repair"], { env: { HOME } })).code, 3, "nobody can be asked");
          assert.equal((await clawmend(["-q", "repair", "--yes"], { env: { HOME } })).code, 0);
          assert.equal((await clawmend([], { env: { HOME } })).code, 0);
        });

        test("each argument arrives as it is", async () => {
          const args = ["", "two words", "it's", '"', "$HOME", "*", "a\nb", "ä漢🦞"];
          const ended = await script('printf "%s|" "$@"', { args: ["0", ...args] });
          assert.equal(ended.stdout, `${args.join("|")}|`);
        });

        test("piped stdin arrives, and its end", async () => {
          assert.equal((await script("cat; echo end", { input: "one\ntwo\n" })).stdout, "one\ntwo\nend\n");
          const big = "x".repeat(1 << 20);
          assert.equal((await script("wc -c", { input: big })).stdout.trim(), String(big.length));
        });

        test("exit codes and deadly signals come out", async () => {
          for (const code of [0, 5, 127, 255]) assert.equal((await script(`exit ${code}`)).code, code);
          for (const name of ["TERM", "INT", "HUP", "KILL"]) {
            assert.equal((await script(`kill -${name} $$; sleep 5`)).signal, `SIG${name}`);
          }
          const crashed = await script("ulimit -c 0; kill -ABRT $$; sleep 5");
          assert.ok(crashed.signal === "SIGABRT" || crashed.code === 134, JSON.stringify(crashed));
        });

        test("signals reach the program, which decides", async () => {
          for (const name of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"]) {
            const text = `trap 'echo got; exit 9' ${name.slice(3)}; echo ready; while :; do sleep 0.05; done`;
            const ended = await script(text, { until: "ready", hello: (child) => child.kill(name) });
            assert.deepEqual([ended.stdout, ended.code], ["ready\ngot\n", 9], name);
          }
          const ended = await script("echo ready; exec sleep 20", { until: "ready", hello: (child) => child.kill("SIGTERM") });
          assert.equal(ended.signal, "SIGTERM");
        });

        test("a signal in the moment of the start reaches it too", async () => {
          const slow = join(work, "slow.cjs");
          writeFileSync(slow, `const cp = require("node:child_process"); const { spawn } = cp;
cp.spawn = (...args) => { const child = spawn(...args); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500); return child; };`);
          const text = "trap 'echo got; exit 9' TERM; echo ready; for i in $(seq 200); do sleep 0.05; done";
          const env = { NODE_OPTIONS: `--require=${slow}` };
          const ended = await script(text, { env, until: "ready", hello: (child) => child.kill("SIGTERM") });
          assert.deepEqual([ended.stdout, ended.code], ["ready\ngot\n", 9]);
        });

        test("Ctrl-C at a terminal arrives once", async () => {
          const text = "n=0; trap 'n=$((n+1))' INT; echo ready; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; done; echo $n times";
          const ended = await run([...PTY, "ready", "\\x03", node, shimOf(bash), "-c", text], { user });
          assert.match(ended.stdout, /\^C1 times/);
        });

        test("the terminal's question: yes, no, Ctrl-C", async () => {
          const ask = async (keys) => {
            const HOME = home(user);
            const env = { HOME, TERM: "xterm" };
            const ended = await run([...PTY, "[y/N", keys, node, shimOf(prefix), "repair"], { user, env });
            const after = await clawmend([], { env });
            return { ...ended, healthy: after.code === 0 };
          };
          const yes = await ask("y\\n");
          assert.deepEqual([yes.code, yes.healthy], [0, true], yes.text);
          const no = await ask("n\\n");
          assert.deepEqual([no.code, no.healthy], [3, false], no.text);
          const broken = await ask("\\x03");
          assert.deepEqual([broken.code, broken.healthy], [3, false], broken.text);
        });

        test("what cannot be run is said to be, and nothing crashes", async () => {
          const copy = mkdtempSync(join(work, "copy-"));
          chmodSync(copy, 0o755);
          cpSync(join(prefix, "lib"), join(copy, "lib"), { recursive: true });
          const shim = join(copy, "lib", "node_modules", "clawmend", "clawmend.cjs");
          const program = join(partOf(copy), "bin", "clawmend");
          const ends = async (code, text) => {
            const ended = await run([node, shim, "--version"], { user });
            assert.deepEqual([ended.code, ended.stdout], [code, ""], ended.text);
            assert.match(ended.stderr, text);
          };
          chmodSync(program, 0o644);
          await ends(126, /chmod \+x/);
          writeFileSync(program, "no program");
          chmodSync(program, 0o755);
          await ends(126, /not a program for this machine/);
          writeFileSync(program, "");
          await ends(126, /not a program for this machine/);
          const bytes = Buffer.alloc(64);
          bytes.write("\x7fELF", "latin1");
          bytes.writeUInt16LE(2, 18);
          writeFileSync(program, bytes);
          await ends(126, /not a program for this machine/);
          rmSync(program);
          await ends(127, new RegExp(`not installed: @clawmend/${HERE}@${version}`));
          renameSync(partOf(copy), join(copy, "away"));
          await ends(127, /npm install --global --include=optional clawmend/);
          const manifest = join(copy, "lib", "node_modules", "clawmend", "package.json");
          writeFileSync(manifest, readFileSync(manifest, "utf8").replaceAll(`@clawmend/${HERE}`, "@clawmend/sunos-x64"));
          await ends(127, new RegExp(`has no program for ${HERE} \\(it has: .*sunos-x64`));
        });

        test("the program is told how it was started, and by nobody else", async () => {
          const told = async (env) => (await script('echo "$CLAWMEND_STARTED_AS"', { env })).stdout.trim();
          const npm = { npm_config_user_agent: "npm/10.9.4 node/v20 linux x64" };
          assert.equal(await told({}), "clawmend");
          assert.equal(await told({ ...npm, npm_command: "exec" }), "npx clawmend");
          assert.equal(await told({ ...npm, npm_command: "run-script" }), "clawmend");
          assert.equal(await told({ CLAWMEND_STARTED_AS: "rm -rf" }), "clawmend");
        });
      });
    }
  });
}
