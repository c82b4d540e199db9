// What Tidegate makes of one message, in lines for people: its format, its readings, what was left out, and who judges it.

import { appliesTo, isLimitRule, type AlertRule, type LimitRule } from './alert-rule.ts';
import { decimalText } from './decimal.ts';
import type { ParsedMessage } from './message.ts';
import type { Reading } from './reading.ts';
import { remedyFor } from './remedy.ts';
import { isSpellingOf } from './spelling.ts';
import { spelledOtherwise } from './spelling-hint.ts';

const MAX_LINES = 40;

/** `now`: when the rules are asked, epoch milliseconds. */
export function explainReading(message: ParsedMessage, rules: readonly AlertRule[], now: number): string[] {
  const { format, accepted, rejected, skipped, rounded, context } = message;
  const lines = [`format    ${format ?? 'not recognised'}`];
  for (const reading of accepted) lines.push(...readingLines(reading, context?.receivedAt));
  for (const { index, reason, detail } of rejected) {
    const which = index === undefined ? '' : `reading ${index}: `;
    lines.push(`rejected  ${which}${reason}: ${detail}`, `          to mend it: ${remedyFor(reason)}`);
  }
  for (const { name, reason } of skipped) lines.push(`skipped   ${name || '(the payload)'}: ${reason}`);
  if (rounded > 0)
    lines.push(`rounded   ${rounded} ${rounded === 1 ? 'value' : 'values'} at the fifteenth decimal`);
  const shown =
    lines.length > MAX_LINES
      ? [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more`]
      : lines;
  return [...shown, ...ruleLines(accepted, rules, now)];
}

function readingLines(
  { deviceId, site, timestamp, metrics }: Reading,
  receivedAt: number | undefined,
): string[] {
  const time = new Date(timestamp).toISOString();
  const source = timestamp === receivedAt ? 'its arrival' : 'its own time';
  const values = metrics.map(
    ({ name, value, unit }) =>
      `          ${name} = ${decimalText(value)}${unit === undefined ? '' : ` ${unit}`}`,
  );
  return [`reading   of ${deviceId} at ${site}, ${time} (${source})`, ...values];
}

function ruleLines(readings: readonly Reading[], rules: readonly AlertRule[], now: number): string[] {
  const lines: string[] = [];
  const devices = new Map(readings.map(({ deviceId, site }) => [deviceId, { deviceId, site }]));
  for (const subject of devices.values()) {
    const names = readings
      .filter(({ deviceId }) => deviceId === subject.deviceId)
      .flatMap(({ metrics }) => metrics.map(({ name }) => name));
    for (const rule of rules.filter((each) => isLimitRule(each) && appliesTo(each, subject, now)))
      lines.push(...ruleLine(rule as LimitRule, subject.deviceId, new Set(names)));
  }
  return lines.length > 0 ? lines : ['rules     none looks at it'];
}

function ruleLine(rule: LimitRule, deviceId: string, names: ReadonlySet<string>): string[] {
  const { id, metric, anySpelling } = rule;
  if (metric === undefined) return [`rule      ${id} counts the readings of ${deviceId}`];
  const judged = [...names].filter((name) => (anySpelling ? isSpellingOf(metric, name) : name === metric));
  if (judged.length > 0) return [`rule      ${id} judges ${judged.join(', ')} of ${deviceId}`];
  const near = spelledOtherwise(rule, [...names]);
  if (near === undefined) return [];
  return [
    `hint      ${id} judges ${metric}, and ${deviceId} sends ${near}: set anySpelling, name ${near}, or rename it by a mapping`,
  ];
}
