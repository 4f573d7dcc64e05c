// Writes tests/fixtures/dotenv.json: texts of `.env` files, and what npm's `dotenv`, which OpenClaw
// reads them with, makes of each. Run again where the cases or dotenv change:
//
//   npm pack dotenv@17.4.2 && tar xzf dotenv-17.4.2.tgz
//   node tests/real/dotenv.mjs package/lib/main.js
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import path from "node:path";

const { parse } = createRequire(import.meta.url)(path.resolve(process.argv[2]));

const texts = [
  "", "A=1", "A=1\nA=2\n", "# A=0\nexport A=\"1 # x\" # c\nB = 2 # c\n", "A=", "A= \nB", "A: 1\nB:2",
  "\ufeffA=1", "A='a\nb'\nB=2", "A=\"a\\nb\\r\"", "A='a\\nb'", "A=`x'y\"z`", "A=\"unclosed\nB=2", "A=a#b\nB=a #b",
  "A=\"a\\\"b\"", "A='it\\'s'", "A=\"a\" b", "A='a' 'b'", "A.B-c=1", "1A=1", "=1", " A = ' b ' ", "A=\r\nB=2\rC=3",
  "export\tA=1", "exportA=1", "export A", "A==b", "A=$B\nB=${A}", "A=\\n", "A=\"\\\\n\"", "A='x' # y\n", "A=\"\"\nB=''",
  "A=\u00a0x\u00a0", "A=\"a\n# no comment\nb\"\nC=1", "A=é=ü\n", "A=x\n\n  B=y\n\tC=z", "A\n=1", "A=\n\n\"b\"", "A:\n1",
  "OPENCLAW_GATEWAY_TOKEN=\"abc#def\"\n", "OPENCLAW_GATEWAY_TOKEN=abc#def\n", "A=`multi\nline`\n", "A=\"'x'\"", "A='\"x\"'",
];
let seed = 20260906;
const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
const pieces = ["A", "B", "=", "=", " ", "\n", "\n", "'", "\"", "`", "#", "\\", "\\n", "\\\"", "x", "1", ":", ": ", "export ", "\t", "\r\n", "$A", "é", ".", "-"];
for (let number = 0; number < 600; number += 1) {
  let text = "";
  for (let piece = 2 + random(14); piece > 0; piece -= 1) text += pieces[random(pieces.length)];
  texts.push(text);
}
const cases = texts.map((text) => `  ${JSON.stringify([text, Object.fromEntries(Object.entries(parse(text)).sort())])}`);
writeFileSync(new URL("../fixtures/dotenv.json", import.meta.url), `[\n${cases.join(",\n")}\n]\n`);
