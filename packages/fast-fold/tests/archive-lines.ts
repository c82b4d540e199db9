// Lines of an archive as tests write them: usual ones, but for what is given.

export const START = 1_790_000_000_000;

export const options = {
  windowSeconds: 10,
  maxLatenessSeconds: 3600,
  maxSkewSeconds: 60,
  maxNameLength: 128,
  maxIdLength: 64,
  areMetrics: () => true,
  sentinels: [-127, 655.35],
};

export interface Line {
  readonly timestamp?: number;
  readonly deviceId?: string;
  readonly [name: string]: unknown;
}

export const list = (length: number, line: (n: number) => Line) =>
  Array.from({ length }, (_, n) => textOf(line(n)));

/** What is given comes first. */
export function textOf(line: Line): string {
  const usual = { timestamp: START, temperature: 4.2, deviceId: 'store-1', site: 'seattle' };
  const last = { receivedAt: START + 60_000, clientId: 'store-1', traceId: 't-1' };
  return JSON.stringify({ ...line, ...usual, ...line, ...last });
}

export function archiveOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}
