// The input of all contenders: an archive as TelemetryRule writes it, generated from a seed with the same bytes on every run.

import { closeSync, openSync, readSync, writeSync } from 'node:fs';

export interface FoldInput {
  readonly file: string;
  readonly devices: number;
  readonly readings: number;
}

export const WINDOW_MILLISECONDS = 10_000;
const CHUNK_BYTES = 1 << 18;
const NEWLINE = 10;
const START = 1_790_000_000_000;
const SITES = ['seattle', 'portland', 'spokane', 'boise', 'tacoma'];
const SEED = 20_261_121;

/** Numbers from 0 to 1 by the minimal standard generator of Park and Miller. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/**
 * Writes `readings` lines in order of arrival. Each device sends once a second at its own phase, with temperatures in
 * tenths on a random walk. Readings arrive 20 to 220 ms after they were taken, so that the order of the devices
 * changes every second.
 */
export function writeInput({ file, devices, readings }: FoldInput): void {
  const random = createRandom(SEED);
  const fleet = Array.from({ length: devices }, (_, n) => ({
    name: `store-sensor-${String(n).padStart(5, '0')}`,
    site: SITES[n % SITES.length]!,
    phase: Math.floor(random() * 1000),
    tenths: 40,
  }));
  const output = openSync(file, 'w');
  let written = 0;
  for (let second = 0; written < readings; second += 1) {
    const arrivals = fleet.slice(0, readings - written).map((device) => {
      device.tenths += Math.round(random() * 4 - 2);
      const timestamp = START + second * 1000 + device.phase;
      const receivedAt = timestamp + 20 + Math.floor(random() * 200);
      const reading = { timestamp, temperature: device.tenths / 10, humidity: Math.round(random() * 100) };
      const serial = (written += 1);
      const traceId = `6f1c2a7e-0b44-4d0a-9a53-${serial.toString(16).padStart(12, '0')}`;
      const { name, site } = device;
      return { ...reading, deviceId: name, site, receivedAt, clientId: name, traceId };
    });
    arrivals.sort((a, b) => a.receivedAt - b.receivedAt);
    writeSync(output, arrivals.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  closeSync(output);
}

/** The chunks of a file. Each is valid until the next one is read. */
export function* chunksOf(file: string): Generator<Buffer> {
  const input = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let size; (size = readSync(input, buffer)) > 0;) yield buffer.subarray(0, size);
  } finally {
    closeSync(input);
  }
}

/** The lines of a file, without line feeds. */
export function* linesOf(file: string): Generator<Buffer> {
  let rest = Buffer.alloc(0);
  for (const chunk of chunksOf(file)) {
    const bytes = Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      yield bytes.subarray(at, end);
      at = end + 1;
    }
    rest = bytes.subarray(at);
  }
}
