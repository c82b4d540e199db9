// Runs the worlds of all seeds, and says what they found, which faults they reached and what they cost.

import { coverageLines } from './coverage.ts';
import type { Options } from './options.ts';
import { runInProcesses, type SeedAnswer } from './seed-processes.ts';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;
const MICROSECONDS = 1_000_000;
const NANOSECONDS_A_MS = 1_000_000n;
/** A process that has just begun is slower than one that goes on: below this it does not pay. */
const FEW_SEEDS = 4;

type Say = (line: string) => void;
type Counts = Record<string, number>;

function add(totals: Counts, counts: Readonly<Counts>): void {
  for (const [name, value] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + value;
}

async function runHere(options: Options, done: (answer: SeedAnswer) => void): Promise<void> {
  // Only here: a process that hands out seeds needs no local cloud.
  const { runSeed } = await import('./seed-run.ts');
  for (let seed = options.seed; seed < options.seed + options.seeds; seed += 1)
    done({ result: await runSeed(options, seed), processorTime: 0 });
}

function costLine(elapsed: number, ms: number, processorTime: number): string {
  const hours = elapsed / HOUR_MS;
  const seconds = processorTime / MICROSECONDS;
  return (
    `${hours.toFixed(1)} hours of the world in ${(ms / SECOND_MS).toFixed(1)} s, ${seconds.toFixed(1)} s of processor time, ` +
    `${(seconds / hours).toFixed(2)} s an hour`
  );
}

/** @returns the exit code: 0 without a finding */
export async function runSeeds(options: Options, say: Say): Promise<number> {
  const began = process.hrtime.bigint();
  const [figures, reasons, faults]: [Counts, Counts, Counts] = [{}, {}, {}];
  let [failures, elapsed, processorTime] = [0, 0, 0];
  const done = ({ result, processorTime: used }: SeedAnswer) => {
    for (const line of result.lines) say(line);
    add(figures, result.figures);
    add(reasons, result.reasons);
    add(faults, result.faults);
    elapsed += result.elapsed;
    processorTime += used;
    if (result.findings > 0) failures += 1;
  };
  if (options.seeds < FEW_SEEDS || options.jobs === 1) await runHere(options, done);
  else await runInProcesses(options, options.jobs, done);
  for (const [name, value] of Object.entries(figures)) say(`${String(value).padStart(10)}  ${name}`);
  for (const line of coverageLines({ faults, reasons, figures })) say(line);
  const { user, system } = process.cpuUsage();
  const ms = Number((process.hrtime.bigint() - began) / NANOSECONDS_A_MS);
  say(costLine(elapsed, ms, processorTime + user + system));
  say(
    'Not in the world: TLS, HTTP on the wire, SMTP, the web page, DNS, and the threads of the real program (docs/world.md).',
  );
  return failures === 0 ? 0 : 1;
}
