// Runs the world of one seed, and if that fails finds the shortest list of faults that still does.

import { isDeepStrictEqual } from 'node:util';
import type { Options } from './options.ts';
import { faultText, planFaults, type Fault } from './plan.ts';
import { runWorld, type WorldReport } from './run.ts';
import { shrink } from './shrink.ts';

const DAY_MS = 86_400_000;
const SHOWN = 10;

/** Plain data, since it may come from another process. */
export interface SeedResult {
  readonly seed: number;
  /** What is said of it. */
  readonly lines: readonly string[];
  readonly findings: number;
  readonly figures: Readonly<Record<string, number>>;
  /** Rejections by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Injected faults by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Milliseconds of the world's time. */
  readonly elapsed: number;
}

type Run = (faults: readonly Fault[]) => Promise<WorldReport>;

const NOTHING = { happened: [], figures: {}, reasons: {}, hash: '', elapsed: 0 } as const;

/** A world that cannot go on is a finding, not an accident of the command. */
async function reportOf(options: Options, seed: number, faults: readonly Fault[]): Promise<WorldReport> {
  const { days, devices, mode, every } = options;
  try {
    return await runWorld({ seed, ms: days * DAY_MS, devices, mode, every: every * 1000, faults });
  } catch (error) {
    return { ...NOTHING, findings: [{ kind: 'stopped', text: (error as Error).stack ?? String(error) }] };
  }
}

const planOf = ({ days, faults }: Options, seed: number) =>
  planFaults(seed, days * DAY_MS, Math.ceil(faults * days));

function chosen(options: Options, seed: number): readonly Fault[] {
  const all = planOf(options, seed);
  return options.only ? all.filter((_, index) => options.only!.includes(index + 1)) : all;
}

const kindsOf = ({ findings }: WorldReport) => new Set(findings.map(({ kind }) => kind));

function commandOf({ days, devices, mode, every, faults }: Options, seed: number, only: string): string {
  return (
    `npm run world -- --seed ${seed} --days ${days} --devices ${devices} --mode ${mode} --every ${every} ` +
    `--faults ${faults} --only ${only}`
  );
}

/** The findings, the shortest list of faults, and the command that repeats it. */
async function explain(
  options: Options,
  seed: number,
  failed: WorldReport,
  plan: readonly Fault[],
  run: Run,
) {
  const lines = failed.findings.slice(0, SHOWN).map(({ kind, text }) => `  ${kind}: ${text}`);
  if (failed.findings.length > SHOWN) lines.push(`  and ${failed.findings.length - SHOWN} more`);
  const kinds = kindsOf(failed);
  const isSame = (report: WorldReport) => [...kindsOf(report)].some((kind) => kinds.has(kind));
  const least = await shrink(plan, async (part) => isSame(await run(part)));
  const all = planOf(options, seed);
  const numbers = least.map((fault) => all.findIndex((each) => isDeepStrictEqual(each, fault)) + 1);
  return [
    ...lines,
    `  the shortest list of faults that still fails has ${least.length} of ${plan.length}:`,
    ...least.map(faultText),
    `  again: ${commandOf(options, seed, numbers.join(',') || 'none')}`,
  ];
}

export async function runSeed(options: Options, seed: number): Promise<SeedResult> {
  const { days, devices, mode } = options;
  const plan = chosen(options, seed);
  const run: Run = (faults) => reportOf(options, seed, faults);
  const report = await run(plan);
  const findings = report.findings.length;
  const line =
    `seed ${seed}: ${days} days, ${devices} devices, ${mode}, ${plan.length} faults, ` +
    `kept ${report.hash}: ${findings} findings`;
  const faults: Record<string, number> = {};
  for (const { kind } of plan) faults[kind] = (faults[kind] ?? 0) + 1;
  const { figures, reasons, elapsed } = report;
  const more = findings === 0 ? [] : await explain(options, seed, report, plan, run);
  return { seed, lines: [line, ...more], findings, figures, reasons, faults, elapsed };
}
