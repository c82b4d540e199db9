// Formats the result of a drill: a timeline, the messages that each device held back, and losses.

import { styleText } from 'node:util';
import type { Judgement } from './judge.ts';

export interface DrillReport extends Judgement {
  readonly name: string;
  /** The region that was killed, and the other one. */
  readonly from: string;
  readonly to: string;
  readonly ttlSeconds: number;
  /** Seconds from the kill until DNS returned the other region. */
  readonly noticed: number;
  readonly devices: readonly {
    readonly name: string;
    /** Seconds from the kill until it was connected. */
    readonly backAfter: number;
    /** Unacknowledged messages that it sent after reconnecting. */
    readonly heldBack: number;
  }[];
  /** Seconds from the region's return until DNS returned it. */
  readonly returned: number;
  /** Devices that stayed with the second region after that. */
  readonly stayed: number;
  readonly sent: number;
}

const SHOWN = 20;

export const hasPassed = ({ lost, findings }: DrillReport): boolean => lost.length + findings.length === 0;

const row = (name: string, value: string | number) => `${name.padEnd(44)}${String(value).padStart(10)}`;
const seconds = (value: number) => `${value.toFixed(1)} s`;

export function reportText(report: DrillReport): string {
  const { name, from, to, devices, figures, lost, findings } = report;
  return [
    `${name} (time to live ${report.ttlSeconds} s): ${from} was killed, ${to} took over`,
    row('the checks noticed after', seconds(report.noticed)),
    row('the first device was back after', seconds(Math.min(...devices.map(({ backAfter }) => backAfter)))),
    row('the last device was back after', seconds(Math.max(...devices.map(({ backAfter }) => backAfter)))),
    row(`back again, ${from} had the name after`, seconds(report.returned)),
    row(`devices still with ${to} then`, report.stayed),
    '',
    `${'device'.padEnd(16)}${'back after'.padStart(12)}${'held back, delivered then'.padStart(28)}`,
    ...devices
      .slice(0, SHOWN)
      .map(
        (each) =>
          `${each.name.padEnd(16)}${seconds(each.backAfter).padStart(12)}${String(each.heldBack).padStart(28)}`,
      ),
    ...(devices.length > SHOWN ? [`... and ${devices.length - SHOWN} more (--json has all)`] : []),
    '',
    row('readings sent', report.sent),
    ...Object.entries(figures).map(([figure, value]) => row(figure, value)),
    row('readings lost', lost.length),
    row('windows that differ from the archives', findings.length),
    ...[...lost.map((key) => `lost: ${key}`), ...findings].slice(0, SHOWN),
    '',
    hasPassed(report) ? 'passed' : 'FAILED',
  ].join('\n');
}

/** Prints a line of progress, dimmed on a terminal. */
export const progress = (text: string): boolean => process.stderr.write(`${styleText('dim', text)}\n`);
