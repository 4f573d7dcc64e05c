// Writes the config schema of a release that has no `openclaw config schema`, from its own code: the schema object is
// found among what its built files export, and turned into JSON Schema by the zod that the release depends on.
// Runs under the release's Node, with the folder of its package and the file to write as arguments.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const dist = join(folder, "dist");
const require = createRequire(join(folder, "package.json"));
const { z } = await import(pathToFileURL(require.resolve("zod")));

const isConfig = (value) => value?.safeParse?.({ gateway: { port: 1 } }).success && !value.safeParse({ gateway: { port: "x" } }).success;

for (const name of readdirSync(dist, { recursive: true })) {
  if (!name.endsWith(".js") || !/OpenClawSchema = /.test(readFileSync(join(dist, name), "utf8"))) continue;
  const built = await import(pathToFileURL(join(dist, name))).catch(() => ({}));
  const schema = Object.values(built).find(isConfig);
  if (schema === undefined) continue;
  // Written at once and whole: what is imported prints at its own exit, and a pipe would be cut off by ours.
  writeFileSync(process.argv[3], JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-7" })));
  process.exit(0);
}
console.error(`no config schema among the files of ${dist}`);
process.exit(1);
