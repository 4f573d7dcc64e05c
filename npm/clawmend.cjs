#!/usr/bin/env node
'use strict';
// Finds the program for this machine among the packages that npm chose, and becomes it.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const { isatty } = require('node:tty');

const own = require('./package.json');

const MISSING = 127;
const CANNOT_RUN = 126;

/** The package that holds the program for this machine. Windows on ARM runs programs for x64. */
function partFor(platform, arch) {
  return `@clawmend/${platform}-${platform === 'win32' && arch === 'arm64' ? 'x64' : arch}`;
}

/** How a person types this program again: it puts that into the commands that it prints. */
function startedAs(env) {
  const manager = String(env.npm_config_user_agent || '').split('/')[0];
  if (/[\\/]dlx[-\\/]/.test(__dirname)) {
    return manager === 'yarn' ? 'yarn dlx clawmend' : 'pnpm dlx clawmend';
  }
  if (/[\\/]bunx-/.test(__dirname)) return 'bunx clawmend';
  return env.npm_command === 'exec' && manager === 'npm' ? 'npx clawmend' : 'clawmend';
}

/** Why a file cannot be run here; undefined where it can. `execve` with such a file ends Node with a crash. */
function whyNot(file) {
  let start;
  try {
    if (!fs.statSync(file).isFile()) return 'it is not a file';
    fs.accessSync(file, fs.constants.X_OK);
    const opened = fs.openSync(file, 'r');
    start = Buffer.alloc(20);
    fs.readSync(opened, start, 0, start.length, 0);
    fs.closeSync(opened);
  } catch (error) {
    return error.code === 'EACCES'
      ? `it may not be run: chmod +x '${file}', unless its file system forbids programs (noexec)`
      : error.message;
  }
  return isProgram(start) ? undefined : 'it is not a program for this machine';
}

/** By the first bytes: the format of this system's programs, and the processor. */
function isProgram(start) {
  if (process.platform === 'win32') return start.toString('latin1', 0, 2) === 'MZ';
  if (process.platform === 'darwin') return start.readUInt32LE(0) === 0xfeedfacf;
  const machine = { x64: 62, arm64: 183 }[process.arch];
  return start.toString('latin1', 0, 4) === '\x7fELF' && start.readUInt16LE(18) === machine;
}

/** In the place of this process: nothing stands between the program and its terminal then. */
function become(program, args, env) {
  if (typeof process.execve !== 'function' || process.platform === 'win32') return;
  try {
    process.execve(program, [program, ...args], env);
  } catch {
    // Forbidden here (a worker, Node's permissions): a child does it.
  }
}

/** What ends a process and leaves nothing behind. Others (a crash) would leave a core of Node. */
const CAN_BE_RAISED = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGPIPE', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'];

function runAsChild(program, args, env) {
  let child;
  const listeners = [];
  for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']) {
    const listener = () => {
      // A console or a terminal sends Ctrl-C to both of us; on Windows `kill` would end the child at once.
      const both = process.platform === 'win32' || ((name === 'SIGINT' || name === 'SIGQUIT') && isatty(0));
      if (!both) child.kill(name);
    };
    listeners.push([name, listener]);
    process.on(name, listener);
  }
  // After the listeners: the program may be running, and be signalled, before `spawn` returns.
  child = spawn(program, args, { stdio: 'inherit', env });
  const stopListening = () => listeners.forEach(([name, listener]) => process.removeListener(name, listener));
  child.on('error', (error) => {
    stopListening();
    fail(CANNOT_RUN, `clawmend: ${program} cannot be run: ${error.message}\n`);
  });
  child.on('exit', (code, signal) => {
    stopListening();
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.exitCode = 128 + (os.constants.signals[signal] || 0);
    if (CAN_BE_RAISED.includes(signal)) {
      process.kill(process.pid, signal);
      // It arrives in a moment; where it is ignored the exit code tells.
      setTimeout(() => {}, 200);
    }
  });
}

function fail(code, text) {
  fs.writeSync(2, text);
  process.exitCode = code;
}

function otherWays() {
  const from = own.homepage ? `  by hand: the file for your machine, from ${own.homepage}\n` : '';
  return `Other ways to get clawmend:\n${from}  from source, with Rust: cargo install --locked clawmend\n`;
}

function missing(part) {
  const parts = Object.keys(own.optionalDependencies || {});
  if (!parts.includes(part)) {
    const list = parts.map((name) => name.replace('@clawmend/', '')).join(', ');
    return `clawmend ${own.version} has no program for ${process.platform}-${process.arch} (it has: ${list}).\n${otherWays()}`;
  }
  return (
    `clawmend: the package with the program for this machine is not installed: ${part}@${own.version}\n` +
    'It is left out where npm omits optional packages, or when node_modules comes from another kind of machine.\n' +
    'Install again, with it:\n' +
    '  npm install --include=optional clawmend             (in the folder of a project)\n' +
    '  npm install --global --include=optional clawmend    (for all folders)\n' +
    otherWays()
  );
}

function main() {
  const part = partFor(process.platform, process.arch);
  let program;
  try {
    program = require.resolve(`${part}/bin/clawmend${process.platform === 'win32' ? '.exe' : ''}`);
  } catch {
    return fail(MISSING, missing(part));
  }
  const why = whyNot(program);
  if (why) return fail(CANNOT_RUN, `clawmend: ${program}: ${why}\n${otherWays()}`);
  const args = process.argv.slice(2);
  const env = { ...process.env, CLAWMEND_STARTED_AS: startedAs(process.env) };
  become(program, args, env);
  runAsChild(program, args, env);
}

main();
