// The tables of what a config may hold, per release: the keys of the root, all of `gateway`, `logging` and `meta`; and the other
// sections, but the settings of plugins and the accounts of a channel.
//   node tests/real/schema.mjs                        reads every release of the table again and writes the table
//   node tests/real/schema.mjs --release VERSION      … and these too (repeatable)
//   node tests/real/schema.mjs --check                writes nothing; fails where the table and a release differ
// What a release says is kept beside the installed releases, so a run that was stopped goes on where it was.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { install } from "./harness/install.mjs";
import { cleanUpAtExit, run } from "./harness/processes.mjs";
import { compareReleases, describe, since } from "./harness/releases.mjs";
import { flatten } from "./schema/rules.mjs";

const PROJECT = new URL("../../", import.meta.url).pathname;
const TABLE = join(PROJECT, "src/data/config-schema.json");
const SECTIONS_TABLE = join(PROJECT, "src/data/config-sections.json");
const WORKER = new URL("schema/zod-worker.mjs", import.meta.url).pathname;
const TIMEOUT_MS = 60_000;
/** The sections that every run of clawmend looks at: they have a table of their own, read without that of the others. */
const SECTIONS = ["gateway", "logging", "meta"];
const UNCHECKED = ["$schema"];
/** Where the built code of a release holds the schemas of the channels that come with it. */
const CHANNELS = /(?:RAW|GENERATED)_BUNDLED_CHANNEL_CONFIG_METADATA = ([^]*?);\n(?=\/\/#endregion|const |\/\*)/;

/**
 * The JSON Schema of one release: as its code has it, else as it prints it itself. 2026.4.15 and 2026.5.7 print objects as closed that
 * their gateways take with any key (`gateway.tls`).
 */
async function schemaOf(version, { node, entry }, home) {
  const env = { PATH: process.env.PATH, HOME: home, NO_COLOR: "1", OPENCLAW_NO_AUTO_UPDATE: "1" };
  const file = join(home, "schema.json");
  const read = await run(node, [WORKER, dirname(entry), file], { env, cwd: home, timeoutMs: TIMEOUT_MS });
  if (read.code === 0) return { from: "code", schema: JSON.parse(readFileSync(file, "utf8")) };
  const printed = await run(node, [entry, "config", "schema"], { env, cwd: home, timeoutMs: TIMEOUT_MS });
  if (printed.code === 0 && printed.stdout.trimStart().startsWith("{")) return { from: "config schema", schema: JSON.parse(printed.stdout) };
  throw new Error(`no schema\n${read.stderr}\n${printed.stderr}`);
}

/**
 * The schemas of the channels that come with a release: from 2026.3.28 on they stand beside that of the config, also of those whose
 * plugin is installed on its own.
 */
function channelsOf({ entry }, { from, schema }) {
  const { properties } = schema.properties.channels;
  if (from === "code" && properties.telegram !== undefined) return properties;
  const dist = join(dirname(entry), "dist");
  for (const name of readdirSync(dist).filter((each) => each.endsWith(".js"))) {
    const [, held] = readFileSync(join(dist, name), "utf8").match(CHANNELS) ?? [];
    if (held === undefined || held.startsWith("JSON.parse(RAW")) continue;
    const found = (0, eval)(`(${held})`);
    const list = Array.isArray(found) ? found : JSON.parse(found);
    return Object.fromEntries(list.map(({ channelId, schema }) => [channelId, schema]));
  }
  if (properties.telegram !== undefined) return properties;
  throw new Error("no schemas of channels");
}

/** The accounts of a channel have its keys once more. */
const withoutAccounts = (schema) => (schema?.properties?.accounts === undefined ? schema : { ...schema, properties: { ...schema.properties, accounts: {} } });

/**
 * What is the same for every plugin: of its own settings each says another thing. Up to 2026.7.35 the records of installs, which older
 * releases keep in the config, are taken out of what is read before it is checked (seen on 2026.5.27 and 2026.6.35).
 */
function withoutPlugins(schema, version) {
  const { entries } = schema.properties;
  const installs = since(version, "2026.8.0") ? {} : { installs: {} };
  return { ...schema, properties: { ...installs, ...schema.properties, entries: { ...entries, properties: undefined } } };
}

/** One release as `{ from, closed, root: [key], rows: [[path, rule]], sections: [[path, rule]] }`. */
function reduced(version, { from, schema, channels }) {
  const root = Object.keys(schema.properties).sort();
  const rows = SECTIONS.filter((name) => root.includes(name)).flatMap((name) => flatten(schema.properties[name], name));
  const own = Object.fromEntries(Object.entries(channels).map(([name, each]) => [name, withoutAccounts(each)]));
  const of = {
    channels: (each) => ({ ...each, properties: { ...each.properties, ...own } }),
    plugins: (each) => withoutPlugins(each, version),
  };
  const others = root.filter((name) => !SECTIONS.includes(name) && !UNCHECKED.includes(name));
  const sections = others.flatMap((name) => flatten(of[name]?.(schema.properties[name]) ?? schema.properties[name], name));
  return { from, closed: schema.additionalProperties === false, root, rows, sections };
}

async function read(version, { cache, discard }) {
  const kept = join(cache, "schemas", `${version}.full.json`);
  const keptChannels = join(cache, "schemas", `${version}.channels.json`);
  const json = (path) => JSON.parse(readFileSync(path, "utf8"));
  if (existsSync(kept) && existsSync(keptChannels)) return reduced(version, { ...json(kept), channels: json(keptChannels) });
  const folder = join(cache, `openclaw-${version}`);
  const stood = existsSync(folder);
  const { programs } = await install(cache, [describe(version)]);
  const home = join(cache, "schemas", `home-${version}`);
  mkdirSync(home, { recursive: true });
  try {
    const raw = existsSync(kept) ? json(kept) : await schemaOf(version, programs.get(version), home);
    const channels = channelsOf(programs.get(version), raw);
    writeFileSync(kept, JSON.stringify(raw));
    writeFileSync(keptChannels, JSON.stringify(channels));
    return reduced(version, { ...raw, channels });
  } finally {
    rmSync(home, { recursive: true, force: true });
    if (discard && !stood) rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs of neighbours as [first, last], by position in the list of releases. */
function spans(positions) {
  const runs = [];
  for (const at of positions) {
    if (runs.at(-1)?.[1] === at - 1) runs.at(-1)[1] = at;
    else runs.push([at, at]);
  }
  return runs;
}

/** Rules are kept once each; a path has the number of its rule and the releases in which it holds. */
function rulesOf(found, releases, rowsOf) {
  const rules = [];
  const numbers = new Map();
  const paths = new Map();
  const put = (path, rule, at) => {
    const text = JSON.stringify(rule);
    if (!numbers.has(text)) {
      numbers.set(text, rules.length);
      rules.push(rule);
    }
    if (!paths.has(path)) paths.set(path, new Map());
    const held = paths.get(path);
    held.set(numbers.get(text), [...(held.get(numbers.get(text)) ?? []), at]);
  };
  releases.forEach((version, at) => {
    for (const [path, rule] of rowsOf(found.get(version))) put(path, rule, at);
  });
  return { rules, keys: Object.fromEntries([...paths].map(([path, held]) => [path, [...held].map(([rule, at]) => [rule, spans(at)])])) };
}

function tableOf(found) {
  const releases = [...found.keys()].sort(compareReleases);
  const root = new Map();
  releases.forEach((version, at) => {
    for (const key of found.get(version).root) root.set(key, [...(root.get(key) ?? []), at]);
  });
  return {
    releases,
    closedRoot: spans(releases.flatMap((version, at) => (found.get(version).closed ? [at] : []))),
    root: Object.fromEntries([...root].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, at]) => [key, spans(at)])),
    ...rulesOf(found, releases, ({ rows }) => rows),
    sections: rulesOf(found, releases, ({ sections }) => sections),
  };
}

/**
 * The other sections, each key below the one that it stands in, and the releases by number too: there are many. A key has
 * `[rule, releases, …]`, or a rule alone where it holds for all.
 */
function writtenSections({ rules, keys }, last) {
  const spans = [JSON.stringify([[0, last]])];
  const numberOf = (each) => {
    const text = JSON.stringify(each);
    if (!spans.includes(text)) spans.push(text);
    return spans.indexOf(text);
  };
  const tree = {};
  for (const [path, rows] of Object.entries(keys)) {
    const numbers = rows.flatMap(([rule, at]) => [rule, numberOf(at)]);
    const held = numbers.length === 2 && numbers[1] === 0 ? numbers[0] : numbers;
    const names = path.split(".");
    const last = names.pop();
    let at = tree;
    for (const name of names) {
      if (typeof at[name] === "number" || Array.isArray(at[name])) at[name] = { "": at[name] };
      at = at[name] ??= {};
    }
    if (at[last] === undefined) at[last] = held;
    else at[last][""] = held;
  }
  const isLeaf = (each) => typeof each === "number" || Array.isArray(each);
  const lines = Object.entries(tree).flatMap(([section, below]) => (isLeaf(below) ? [`    ${JSON.stringify(section)}: ${JSON.stringify(below)}`] : [`    ${JSON.stringify(section)}: {\n${Object.entries(below).map(([key, value]) => `      ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n")}\n    }`]));
  return `{\n  "spans": [\n${spans.map((each) => `    ${each}`).join(",\n")}\n  ],\n  "rules": [\n${rules.map((each) => `    ${JSON.stringify(each)}`).join(",\n")}\n  ],\n  "keys": {\n${lines.join(",\n")}\n  }\n}\n`;
}

/** One line for each key and rule, so that a change is read as one. */
function written({ releases, closedRoot, root, rules, keys }) {
  const lines = (entries) => entries.map((each) => `    ${each}`).join(",\n");
  const object = (map) => lines(Object.entries(map).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`));
  return `{
  "releases": ${JSON.stringify(releases)},
  "closedRoot": ${JSON.stringify(closedRoot)},
  "root": {\n${object(root)}\n  },
  "rules": [\n${lines(rules.map((each) => JSON.stringify(each)))}\n  ],
  "keys": {\n${object(keys)}\n  }
}
`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      release: { type: "string", multiple: true, default: [] },
      cache: { type: "string", default: process.env.CLAWMEND_REAL_CACHE || join(PROJECT, "target/real") },
      check: { type: "boolean", default: false },
      discard: { type: "boolean", default: false },
    },
  });
  cleanUpAtExit(() => {});
  const cache = resolve(values.cache);
  mkdirSync(join(cache, "schemas"), { recursive: true });
  const before = existsSync(TABLE) ? readFileSync(TABLE, "utf8") : undefined;
  const versions = new Set([...(before === undefined ? [] : JSON.parse(before).releases), ...values.release]);
  const found = new Map();
  const failed = [];
  for (const version of versions) {
    try {
      found.set(version, await read(version, { cache, discard: values.discard }));
      console.error(`${version}: ${found.get(version).root.length} root keys, ${found.get(version).rows.length} paths, from ${found.get(version).from}`);
    } catch (error) {
      failed.push(version);
      console.error(`${version}: ${error.message}`);
    }
  }
  const table = tableOf(found);
  const text = written(table);
  const sections = writtenSections(table.sections, table.releases.length - 1);
  const stands = existsSync(SECTIONS_TABLE) && readFileSync(SECTIONS_TABLE, "utf8") === sections;
  if (values.check && (text !== before || !stands)) failed.push("a table differs from what the releases say");
  // A release that could not be read stays in the table as it is.
  if (!values.check && failed.length === 0) {
    mkdirSync(dirname(TABLE), { recursive: true });
    writeFileSync(TABLE, text);
    writeFileSync(SECTIONS_TABLE, sections);
  }
  console.log(`${found.size} releases, ${Buffer.byteLength(text)} and ${Buffer.byteLength(sections)} bytes${failed.length > 0 ? `; failed: ${failed.join(", ")}` : ""}`);
  process.exit(failed.length > 0 ? 1 : 0);
}

await main();
