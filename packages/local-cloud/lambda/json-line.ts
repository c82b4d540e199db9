// A line of a function's output that is a JSON object, as loggers and metrics write it.

/** @returns undefined for a line that only looks like one: it is plain output. */
export function parseJsonLine(line: string): Record<string, unknown> | undefined {
  const start = line.startsWith('{') ? 0 : line.indexOf('\t{') + 1; // console.* puts time, request and level before it
  if (start === 0 && !line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line.slice(start)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
