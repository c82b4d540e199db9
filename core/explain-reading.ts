// Explains one message, as data and as text: its format, its readings, what was left out, and which rules judge it.

import { appliesTo, isLimitRule, type AlertRule, type LimitRule, type Subject } from './alert-rule.ts';
import { decimalText } from './decimal.ts';
import type { ParsedMessage } from './message.ts';
import type { Reading, Rejection, Skipped } from './reading.ts';
import { remedyFor } from './remedy.ts';
import { isSpellingOf } from './spelling.ts';
import { spelledOtherwise } from './spelling-hint.ts';

const MAX_LINES = 40;

export interface Explanation {
  /** Absent if no format was recognised. */
  readonly format?: string;
  readonly readings: readonly ExplainedReading[];
  readonly rejected: readonly (Pick<Rejection, 'index' | 'reason' | 'detail'> & {
    readonly remedy: string;
  })[];
  readonly skipped: readonly Skipped[];
  /** Values rounded at the fifteenth decimal. */
  readonly rounded: number;
  /** One sentence per rule: what it judges. */
  readonly judged: readonly string[];
  /** Rules that skip a metric only because of its spelling. */
  readonly hints: readonly string[];
}

export interface ExplainedReading {
  readonly deviceId: string;
  readonly site: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** True: the device sent the time. False: it is the message's arrival. */
  readonly isOwnTime: boolean;
  /** Values as decimal text. */
  readonly metrics: readonly { readonly name: string; readonly value: string; readonly unit?: string }[];
  readonly fingerprint: string;
}

/** `subject`: further facts of a device; `now`: the time at which the rules are applied, epoch milliseconds. */
export function explanationOf(
  message: ParsedMessage,
  rules: readonly AlertRule[],
  now: number,
  subject?: (deviceId: string) => Omit<Subject, 'deviceId' | 'site'> | undefined,
): Explanation {
  const { format, accepted, rejected, skipped, rounded, context } = message;
  return {
    ...(format !== undefined && { format }),
    readings: accepted.map((reading) => explained(reading, context?.receivedAt)),
    rejected: rejected.map(({ index, reason, detail }) => ({
      ...(index !== undefined && { index }),
      ...{ reason, detail, remedy: remedyFor(reason) },
    })),
    ...{ skipped, rounded },
    ...judging(accepted, rules, now, subject),
  };
}

function explained(reading: Reading, receivedAt: number | undefined): ExplainedReading {
  const { deviceId, site, timestamp, fingerprint, metrics } = reading;
  return {
    ...{ deviceId, site, timestamp, fingerprint, isOwnTime: timestamp !== receivedAt },
    metrics: metrics.map(({ name, value, unit }) => ({
      ...{ name, value: decimalText(value), ...(unit !== undefined && { unit }) },
    })),
  };
}

function judging(
  readings: readonly Reading[],
  rules: readonly AlertRule[],
  now: number,
  subjectOf: Parameters<typeof explanationOf>[3],
): Pick<Explanation, 'judged' | 'hints'> {
  const judged: string[] = [];
  const hints: string[] = [];
  for (const [deviceId, own] of Map.groupBy(readings, (reading) => reading.deviceId)) {
    const subject = { ...subjectOf?.(deviceId), deviceId, site: own[0]!.site };
    const names = new Set(own.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
    for (const rule of rules.filter((each) => isLimitRule(each) && appliesTo(each, subject, now))) {
      const text = judgedText(rule as LimitRule, deviceId, names);
      const near = text === undefined ? spelledOtherwise(rule, [...names]) : undefined;
      if (text !== undefined) judged.push(text);
      else if (near !== undefined) hints.push(hintText(rule as LimitRule, deviceId, near));
    }
  }
  return { judged, hints };
}

function judgedText(
  { id, metric, anySpelling }: LimitRule,
  deviceId: string,
  names: ReadonlySet<string>,
): string | undefined {
  if (metric === undefined) return `${id} counts the readings of ${deviceId}`;
  const found = [...names].filter((name) => (anySpelling ? isSpellingOf(metric, name) : name === metric));
  return found.length > 0 ? `${id} judges ${found.join(', ')} of ${deviceId}` : undefined;
}

const hintText = ({ id, metric }: LimitRule, deviceId: string, near: string) =>
  `${id} judges ${metric}, but ${deviceId} sends ${near}: set anySpelling, use ${near} in the rule, or rename it in a mapping`;

/** For a terminal. `now` as in `explanationOf`. */
export function explainReading(message: ParsedMessage, rules: readonly AlertRule[], now: number): string[] {
  const { format, readings, rejected, skipped, rounded, judged, hints } = explanationOf(message, rules, now);
  const lines = [`format    ${format ?? 'not recognised'}`, ...readings.flatMap(readingLines)];
  for (const { index, reason, detail, remedy } of rejected) {
    const which = index === undefined ? '' : `reading ${index}: `;
    lines.push(`rejected  ${which}${reason}: ${detail}`, `          to fix it: ${remedy}`);
  }
  for (const { name, reason } of skipped) lines.push(`skipped   ${name || '(the payload)'}: ${reason}`);
  if (rounded > 0)
    lines.push(`rounded   ${rounded} ${rounded === 1 ? 'value' : 'values'} at the fifteenth decimal`);
  const shown =
    lines.length > MAX_LINES
      ? [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more`]
      : lines;
  const rulesSay = [
    ...judged.map((text) => `rule      ${text}`),
    ...hints.map((text) => `hint      ${text}`),
  ];
  return [...shown, ...(rulesSay.length > 0 ? rulesSay : ['rules     none applies'])];
}

function readingLines({ deviceId, site, timestamp, isOwnTime, metrics }: ExplainedReading): string[] {
  const source = isOwnTime ? 'its own time' : 'its arrival';
  const values = metrics.map(
    ({ name, value, unit }) => `          ${name} = ${value}${unit === undefined ? '' : ` ${unit}`}`,
  );
  return [`reading   of ${deviceId} at ${site}, ${new Date(timestamp).toISOString()} (${source})`, ...values];
}
