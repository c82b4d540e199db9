// Formats the result of a run, for people (within 80 columns) and as JSON.

import { styleText } from 'node:util';
import type { ChaosOptions } from './options.ts';
import type { FaultRecord } from './run.ts';
import { FAULTS, type Finding } from './verdict.ts';

export interface ChaosReport {
  readonly options: ChaosOptions;
  /** By name; the JSON of a report has them under this name. */
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: readonly FaultRecord[];
  /** Faults that are not possible on this machine, each with the reason. */
  readonly unavailable: readonly string[];
  readonly findings: readonly Finding[];
  /** Problems of the run itself. */
  readonly problems: readonly string[];
  readonly keptAt?: string;
}

const WIDTH = 80;
const SHOWN_FINDINGS = 20;

export const hasPassed = ({ findings, problems }: ChaosReport) => findings.length + problems.length === 0;

export function repeatLine({ seed, minutes, mode, devices }: ChaosOptions): string {
  return `npm run chaos -- --seed ${seed} --minutes ${minutes} --mode ${mode} --devices ${devices}`;
}

export function reportText(report: ChaosReport): string {
  const { options, figures, faults, unavailable, findings, problems, keptAt } = report;
  const kinds = Map.groupBy(faults, ({ kind }) => kind);
  const counts = new Map(FAULTS.map((kind) => [kind, findings.filter((each) => each.kind === kind).length]));
  const lines = [
    ...Object.entries(figures).map(([name, value]) => row(name, value)),
    ...[...kinds].map(([kind, all]) => row(`fault: ${kind}`, all.length)),
    ...unavailable.map((text) => `not tried here: ${text}`),
    '-'.repeat(WIDTH / 2),
    ...[...counts].map(([kind, count]) => row(kind, count)),
  ];
  if (!hasPassed(report)) {
    lines.push('', ...problems.map((text) => `problem: ${text}`));
    lines.push(...findings.slice(0, SHOWN_FINDINGS).map(({ kind, text }) => `${kind}: ${text}`));
    if (findings.length > SHOWN_FINDINGS)
      lines.push(`... and ${findings.length - SHOWN_FINDINGS} more (--json has all)`);
    lines.push('', 'faults, in seconds after the start:');
    lines.push(...faults.map(({ at, kind, detail }) => `${at.toFixed(1).padStart(8)}  ${kind}: ${detail}`));
    if (keptAt !== undefined) lines.push(`data directory: ${keptAt}`);
  }
  lines.push('', `${hasPassed(report) ? 'passed' : 'FAILED'}: ${repeatLine(options)}`);
  return lines.flatMap(folded).join('\n');
}

const row = (name: string, value: number) => `${name.padEnd(32)}${String(value).padStart(8)}`;

/** Wraps long lines and indents the continuation. */
function folded(line: string): string[] {
  const parts = [line.slice(0, WIDTH)];
  for (let at = WIDTH; at < line.length; at += WIDTH - 4) parts.push(`    ${line.slice(at, at + WIDTH - 4)}`);
  return parts;
}

/** Prints a line of progress, dimmed on a terminal. */
export const progress = (text: string) => process.stderr.write(`${styleText('dim', text)}\n`);
