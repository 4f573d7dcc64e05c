// The reference: npm's json5 and JSON.parse, asked line by line: {json5: bool, text: base64} -> {ok, value}.
import { createInterface } from "node:readline";
import JSON5 from "json5";

// What JSON cannot carry goes as a text that no generated value is.
console.warn = () => {};
const carry = (_, value) =>
  typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)) ? `\u0000${Object.is(value, -0) ? "-0" : value}` : value;
for await (const line of createInterface({ input: process.stdin })) {
  const { json5, text } = JSON.parse(line);
  // As OpenClaw reads a file: bytes that are no UTF-8 become U+FFFD, a BOM stays.
  const read = Buffer.from(text, "base64").toString("utf8");
  let answer;
  try {
    answer = { ok: true, value: json5 ? JSON5.parse(read) : JSON.parse(read) };
  } catch {
    answer = { ok: false };
  }
  process.stdout.write(`${JSON.stringify(answer, carry)}\n`);
}
