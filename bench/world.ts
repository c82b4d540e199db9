// Measures what an hour of the world costs, and how many hours ten minutes on this machine's processors are.
// node bench/world.ts [--days 0.25]

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { days: { type: 'string', default: '0.25' } } });
const ROOT = path.resolve(import.meta.dirname, '..');
const TEN_MINUTES = 600;
const COST = /^([\d.]+) hours of the world in ([\d.]+) s, ([\d.]+) s of processor time/m;

/** Each world long enough to outweigh the start of its process, and one for each processor. */
const WORLDS: readonly (readonly [name: string, ...options: string[]])[] = [
  ['quiet: one device, a message an hour', '--devices', '1', '--every', '3600', '--faults', '0'],
  ['ten devices, six messages an hour each, 20 faults a day', '--devices', '10'],
  ['the same, by the stream', '--devices', '10', '--mode', 'stream'],
];

const processors = availableParallelism();
console.log(`${'world'.padEnd(58)} ms of processor time an hour   hours in ten minutes on ${processors}`);
for (const [name, ...options] of WORLDS) {
  const seeds = ['--seeds', String(Math.max(4, processors)), '--jobs', String(processors)];
  const args = ['--max-semi-space-size=32', 'world/main.ts', '--days', values.days, ...seeds, ...options];
  const text = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  const [, hours, , seconds] = COST.exec(text)!.map(Number);
  const each = seconds! / hours!;
  const most = (TEN_MINUTES * processors) / each;
  console.log(
    `${name.padEnd(58)} ${(each * 1000).toFixed(0).padStart(30)}   ${most.toFixed(0).padStart(22)}`,
  );
}
