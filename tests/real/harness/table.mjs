// What a person sees at the end of a run.

const HEADS = ["release", "lockout", "refused before", "in after", "locked again after restore", "seconds"];

export function table(rows) {
  const cells = rows.map(({ release, lockout, before, after, again, seconds, problem }) => [
    release,
    `${problem === undefined ? " " : "✗"} ${lockout}`,
    before,
    after,
    again,
    seconds.toFixed(0),
  ]);
  const all = [HEADS, ...cells];
  const widths = HEADS.map((_, column) => Math.max(...all.map((row) => [...row[column]].length)));
  const line = (row) => row.map((cell, column) => cell + " ".repeat(widths[column] - [...cell].length)).join("  ").trimEnd();
  return [line(HEADS), widths.map((width) => "─".repeat(width)).join("  "), ...cells.map(line)].join("\n");
}

export function closing(rows) {
  const failed = rows.filter(({ problem }) => problem !== undefined).length;
  return `${rows.length - failed} passed, ${failed} failed`;
}
