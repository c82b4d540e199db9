// A rule being edited, and the result of its dry run.

import type { Rule } from './api-types.ts';
import { fitsForm, isText, kindOf } from './rule-kind.ts';
import { capital, durationText, plural } from './format.ts';
import { own } from '../../core/own.ts';

export interface DryRun {
  readonly summary: string;
  readonly notifications: readonly DryRunNotification[];
  readonly devices: number;
  readonly isComplete: boolean;
  readonly warnings?: readonly string[];
}

export interface DryRunNotification {
  readonly deviceId: string;
  readonly transition: string;
  readonly at: number;
  readonly windowStart: number;
}

const isNumber = (value: unknown) => typeof value === 'number';
const isGiven = () => true;

/** The fields of a sentence, with what their values must be: typed JSON may contain anything. */
const SENTENCE_FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  ...{ id: isText, metric: isText, severity: isText },
  ...{ above: isNumber, below: isNumber, clearBelow: isNumber, clearAbove: isNumber, forWindows: isNumber },
  match: (value) => typeof value === 'object' && value !== null && Object.values(value).every(isText),
  channels: (value) => Array.isArray(value) && value.every(isText),
  // `fitsForm` checks these two; the form keeps the others.
  ...{ predicted: isGiven, unusual: isGiven },
  ...{ anySpelling: isGiven, stat: isGiven, enabled: isGiven, comment: isGiven },
};

/** Whether the form has fields for everything in the rule: one limit on one side, now or predicted, or none. */
export function isSentence(rule: Rule): boolean {
  const fields = Object.entries(rule).filter(([, value]) => value !== undefined);
  const areKnown = fields.every(([name, value]) => own(SENTENCE_FIELDS, name)?.(value));
  if (kindOf(rule) !== 'limit') return areKnown && fitsForm(rule);
  const isOneSided = (rule.above === undefined) !== (rule.below === undefined);
  return rule.metric !== undefined && isOneSided && areKnown;
}

/** Epoch milliseconds. Without `to` the alarm is still active. */
export interface DrySpan {
  readonly from: number;
  readonly to?: number;
}

/** When the rule would have been in alarm, by device. */
export function drySpansOf(
  notifications: readonly DryRunNotification[],
): ReadonlyMap<string, readonly DrySpan[]> {
  const found = new Map<string, DrySpan[]>();
  for (const { deviceId, transition, at } of notifications) {
    const spans = found.get(deviceId) ?? [];
    found.set(deviceId, spans);
    const last = spans.at(-1);
    if (transition === 'raised') spans.push({ from: at });
    if (transition === 'cleared' && last && last.to === undefined)
      spans[spans.length - 1] = { ...last, to: at };
  }
  return found;
}

/** `Would have alarmed 3 times on one of five devices, 24 min in all.` */
export function verdictText({ notifications, devices }: DryRun, now: number): string {
  const spans = drySpansOf(notifications);
  const all = [...spans.values()].flat();
  if (all.length === 0)
    return `Would have been quiet on ${devices === 1 ? 'its device' : `all ${plural(devices, 'device')}`}.`;
  const total = all.reduce((sum, { from, to = now }) => sum + to - from, 0);
  const times = all.length === 1 ? 'once' : all.length === 2 ? 'twice' : `${all.length} times`;
  return capital(
    `would have alarmed ${times} on ${plural(spans.size, 'device')} of ${devices}, ${durationText(total)} in all.`,
  );
}
