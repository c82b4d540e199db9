// Compares writing and querying the parsed archive with DuckDB's own writer: `node bench/parsed.ts [--devices 100]`.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeInput } from './fold-input.ts';
import { isInstalled } from './fold-peer.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', multiple: true, default: ['100', '1000'] },
    /** Each has two metrics, so there are twice as many rows. */
    readings: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('usage: node bench/parsed.ts [--devices N] [--readings N] [--rounds N]');
  process.exit();
}
if (!isInstalled('@duckdb/node-api')) {
  console.log('DuckDB is not installed: node bench/fold.ts --install');
  process.exit(1);
}

interface Written {
  readonly processorMilliseconds: number;
  readonly milliseconds: number;
  readonly peakMebibytes: number;
  readonly bytes: number;
}

const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-parsed-'));
const canPin = spawnSync('taskset', ['-V']).status === 0;
try {
  for (const devices of values.devices.map(Number)) contest(devices, Number(values.readings));
} finally {
  rmSync(folder, { recursive: true });
}

/** Runs it on one core, in its own process. */
function run(...args: readonly string[]): string {
  const program = [process.execPath, path.join(import.meta.dirname, 'parsed-contestant.ts'), ...args];
  const [command, ...rest] = canPin ? ['taskset', '-c', '0', ...program] : program;
  return execFileSync(command!, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function contest(devices: number, readings: number): void {
  const file = path.join(folder, 'raw.ndjson');
  writeInput({ file, devices, readings });
  const outputs = { own: path.join(folder, 'own'), duckdb: path.join(folder, 'duckdb') };
  const rounds: Record<'own' | 'duckdb', Written[]> = { own: [], duckdb: [] };
  for (let n = 0; n < Number(values.rounds); n += 1) {
    for (const name of ['own', 'duckdb'] as const)
      rounds[name].push(JSON.parse(run(name, file, outputs[name])) as Written);
  }
  assert.equal(run('check', '', outputs.own), run('check', '', outputs.duckdb), 'the rows differ');
  console.log(`\n${readings} readings of ${devices} devices, ${readings * 2} rows`);
  const perMillion = (value: number) => (value * 1e6) / (readings * 2);
  for (const [name, list] of Object.entries(rounds)) {
    const best = list.toSorted((a, b) => a.processorMilliseconds - b.processorMilliseconds)[0]!;
    const columns = [
      name.padEnd(8),
      `${(perMillion(best.processorMilliseconds) / 1000).toFixed(2)} s of processor time a million rows`,
      `${(perMillion(best.bytes) / 2 ** 20).toFixed(2)} MiB a million rows`,
      `${best.peakMebibytes.toFixed(0)} MiB of memory`,
    ];
    console.log(columns.join('  '));
  }
  const device = `store-sensor-${String(3).padStart(5, '0')}`;
  for (const [name, output] of Object.entries(outputs)) {
    const asked = Array.from(
      { length: 5 },
      () => JSON.parse(run('ask', device, output)) as Record<string, number>,
    );
    const times = asked.map(({ milliseconds }) => milliseconds!).sort((a, b) => a - b);
    console.log(
      `${name.padEnd(8)}  one device: ${asked[0]!['rows']} rows in ${times[2]!.toFixed(0)} ms by a new process`,
    );
  }
}
