// Runs worlds of one seed after another, and for one that fails finds the shortest list of faults that still does.

import { isDeepStrictEqual } from 'node:util';
import { coverageLines } from './coverage.ts';
import type { Options } from './options.ts';
import { faultText, planFaults, type Fault, type FaultKind } from './plan.ts';
import { runWorld, type WorldReport } from './run.ts';
import { shrink } from './shrink.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SHOWN = 10;
const NANOSECONDS = 1_000_000_000n;

type Say = (line: string) => void;
type Run = (faults: readonly Fault[]) => Promise<WorldReport>;

/** A world that cannot go on is a finding, not an accident of the command. */
async function reportOf(options: Options, seed: number, faults: readonly Fault[]): Promise<WorldReport> {
  const { days, devices, mode, every } = options;
  try {
    return await runWorld({ seed, ms: days * DAY_MS, devices, mode, every: every * 1000, faults });
  } catch (error) {
    const text = (error as Error).stack ?? String(error);
    return {
      findings: [{ kind: 'stopped', text }],
      happened: [],
      figures: {},
      reasons: {},
      hash: '',
      elapsed: 0,
    };
  }
}

const kindsOf = ({ findings }: WorldReport) => new Set(findings.map(({ kind }) => kind));

async function explain(options: Options, seed: number, plan: readonly Fault[], run: Run, say: Say) {
  const failed = await run(plan);
  const kinds = kindsOf(failed);
  for (const { kind, text } of failed.findings.slice(0, SHOWN)) say(`  ${kind}: ${text}`);
  if (failed.findings.length > SHOWN) say(`  and ${failed.findings.length - SHOWN} more`);
  const isSame = (report: WorldReport) => [...kindsOf(report)].some((kind) => kinds.has(kind));
  const least = await shrink(plan, async (part) => isSame(await run(part)));
  say(`  the shortest list of faults that still fails has ${least.length} of ${plan.length}:`);
  for (const fault of least) say(faultText(fault));
  const all = planFaults(seed, options.days * DAY_MS, countOf(options));
  const numbers = least.map((fault) => all.findIndex((each) => isDeepStrictEqual(each, fault)) + 1);
  const { days, devices, mode, every, faults } = options;
  say(
    `  again: npm run world -- --seed ${seed} --days ${days} --devices ${devices} --mode ${mode} --every ${every} ` +
      `--faults ${faults} --only ${numbers.join(',') || 'none'}`,
  );
}

const countOf = ({ faults, days }: Options) => Math.ceil(faults * days);

function chosen(options: Options, seed: number): readonly Fault[] {
  const all = planFaults(seed, options.days * DAY_MS, countOf(options));
  return options.only ? all.filter((_, index) => options.only!.includes(index + 1)) : all;
}

function add(totals: Map<string, number>, figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) totals.set(name, (totals.get(name) ?? 0) + value);
}

/** @returns the exit code: 0 without a finding */
export async function runSeeds(options: Options, say: Say): Promise<number> {
  const { seed: first, seeds, days, devices, mode } = options;
  const began = process.hrtime.bigint();
  const totals = new Map<string, number>();
  const reasons = new Map<string, number>();
  const injected = new Map<FaultKind, number>();
  let [failures, elapsed] = [0, 0];
  for (let seed = first; seed < first + seeds; seed += 1) {
    const plan = chosen(options, seed);
    const run = (faults: readonly Fault[]) => reportOf(options, seed, faults);
    const report = await run(plan);
    add(totals, report.figures);
    add(reasons, report.reasons);
    for (const { kind } of plan) injected.set(kind, (injected.get(kind) ?? 0) + 1);
    elapsed += report.elapsed;
    const { length } = report.findings;
    say(
      `seed ${seed}: ${days} days, ${devices} devices, ${mode}, ${plan.length} faults, kept ${report.hash}: ${length} findings`,
    );
    if (length === 0) continue;
    failures += 1;
    await explain(options, seed, plan, run, say);
  }
  for (const [name, value] of totals) say(`${String(value).padStart(10)}  ${name}`);
  for (const line of coverageLines({ faults: injected, reasons, figures: totals })) say(line);
  const seconds = Number((process.hrtime.bigint() - began) / (NANOSECONDS / 1000n)) / 1000;
  const { user, system } = process.cpuUsage();
  say(
    `${(elapsed / HOUR_MS).toFixed(1)} hours of the world in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor time`,
  );
  say(
    'Not in the world: TLS, HTTP on the wire, SMTP, the web page, DNS, and the threads of the real program (docs/world.md).',
  );
  return failures === 0 ? 0 : 1;
}
