// Folds one million archived readings into windows beside DuckDB, polars and others: `node bench/fold.ts [--devices 100]`.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { contenders, type Contender } from './fold-contenders.ts';
import type { Round } from './fold-contestant.ts';
import { writeInput, type FoldInput } from './fold-input.ts';
import type { FoldOutcome } from './fold-outcome.ts';
import { isInstalled, PEER_FOLDERS } from './fold-peer.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', multiple: true, default: ['100', '10000'] },
    readings: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    /** Only contenders whose names begin with this. */
    only: { type: 'string', multiple: true },
    /** First installs the packages of bench/package.json, and DuckDB. */
    install: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'usage: node bench/fold.ts [--devices N] [--readings N] [--rounds N] [--only NAME] [--install]',
  );
  process.exit();
}
if (values.install) installPeers();

const wanted = contenders.filter(({ name }) => values.only?.some((start) => name.startsWith(start)) ?? true);
const present = wanted.filter(({ needs }) => {
  return !needs || isInstalled(needs);
});
const missing = wanted.filter((contender) => !present.includes(contender)).map(({ name }) => name);
if (missing.length > 0) console.log(`not installed, left out (--install): ${missing.join(', ')}`);
const canPin = spawnSync('taskset', ['-V']).status === 0;
if (!canPin) console.log('no taskset: contenders for one core may use more');

const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-fold-'));
try {
  for (const devices of values.devices.map(Number)) {
    await contest({ file: path.join(folder, 'archive.ndjson'), devices, readings: Number(values.readings) });
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** npm skips optional packages that its Node version is too old for, so it runs with this program's Node. */
function installPeers(): void {
  const PATH = [path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
  for (const folder of PEER_FOLDERS)
    execFileSync('npm', ['ci', '--prefix', folder], { stdio: 'inherit', env: { ...process.env, PATH } });
}

/** One warm-up round, then all contenders in turn, so that other load on the machine affects each of them. */
async function contest(input: FoldInput): Promise<void> {
  writeInput(input);
  const processes = new Map(present.map((contender) => [contender, start(contender)]));
  const rounds = new Map<Contender, Round[]>(present.map((contender) => [contender, []]));
  let expected: FoldOutcome | undefined;
  for (let n = 0; n <= Number(values.rounds); n += 1) {
    for (const [contender, child] of processes) {
      const round = await runRound(child, input.file);
      expected ??= round.outcome;
      assert.deepEqual(round.outcome, expected, `${contender.name} folds to something else`);
      if (n > 0) rounds.get(contender)!.push(round);
    }
  }
  for (const child of processes.values()) child.disconnect();
  report(input, rounds, expected!);
}

function start({ name, cores }: Contender): ChildProcess {
  const program = [process.execPath, path.join(import.meta.dirname, 'fold-contestant.ts'), name];
  const [command, ...rest] = canPin && cores === 1 ? ['taskset', '-c', '0', ...program] : program;
  return spawn(command!, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, POLARS_MAX_THREADS: String(cores) },
  });
}

async function runRound(child: ChildProcess, file: string): Promise<Round> {
  const answer = once(child, 'message') as Promise<[Round]>;
  const end = once(child, 'exit').then(() =>
    Promise.reject(new Error('a contender ended before its answer')),
  );
  child.send(file);
  const [round] = await Promise.race([answer, end]);
  return round;
}

function report(input: FoldInput, rounds: ReadonlyMap<Contender, Round[]>, outcome: FoldOutcome): void {
  console.log(`\n${input.readings} readings of ${input.devices} devices`, JSON.stringify(outcome));
  const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
  const [reference] = rounds.values();
  for (const [{ name, cores }, list] of rounds) {
    const processor = median(list.map(({ processorMilliseconds }) => processorMilliseconds));
    // Round by round, because the speed of a shared machine varies.
    const ratios = list.map((round, n) => reference![n]!.processorMilliseconds / round.processorMilliseconds);
    const columns = [
      name.padEnd(34),
      cores,
      `${(input.readings / median(list.map(({ milliseconds }) => milliseconds)) / 1000).toFixed(2)} M/s`,
      `${(input.readings / processor / 1000).toFixed(2)} M/s of processor time`,
      `${median(ratios).toFixed(2)} x`,
      `${Math.max(...list.map(({ peakMebibytes }) => peakMebibytes)).toFixed(0)} MiB`,
    ];
    console.log(columns.join('  '));
  }
}
