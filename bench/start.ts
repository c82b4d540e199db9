// Measures the time from the command to the line `ready`, with a new and an existing data directory, compared with an empty Node program.
// node bench/start.ts [--runs 5]

import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startStack, temporaryFolder } from './stack.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);
const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

const empty: number[] = [];
const first: number[] = [];
const again: number[] = [];
for (let n = 0; n < runs; n += 1) {
  const began = performance.now();
  spawnSync(process.execPath, ['-e', '']);
  empty.push(performance.now() - began);
  const dataDir = temporaryFolder('start');
  for (const times of [first, again]) {
    const stack = await startStack(dataDir);
    times.push(stack.startMilliseconds);
    await stack.stop();
  }
}
const row = (name: string, times: readonly number[]) =>
  console.log(
    `${name.padEnd(34)} ${median(times).toFixed(0)} ms   ${(median(times) / median(empty)).toFixed(1)}`,
  );
console.log(`median of ${runs} runs, and the ratio to an empty Node program`);
row('node -e ""', empty);
row('npm start, empty data directory', first);
row('npm start, existing data directory', again);
