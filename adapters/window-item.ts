// The layout of a window in DynamoDB: one flat item per device and window, with every metric's statistics as attributes.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { decimalFromText, decimalText, type Decimal } from '../core/decimal.ts';
import { NO_SPAN, type Span } from '../core/span.ts';
import type { Aggregate, Delta, Window, WindowKey, WindowTotals } from '../core/window.ts';

export type Item = Record<string, AttributeValue>;

export function keyOf({ deviceId, windowStart }: WindowKey): Item {
  return { deviceId: { S: deviceId }, windowStart: { N: String(windowStart) } };
}

/** The item of a new window with only this delta, with all fingerprints in it; `expiresAt` in epoch seconds. */
export function itemOf(delta: Delta, expiresAt: number): Item {
  const number = (value: number) => ({ N: String(value) });
  const decimal = (value: Decimal) => ({ N: decimalText(value) });
  const item: Item = {
    ...keyOf(delta),
    site: { S: delta.site },
    expiresAt: number(expiresAt),
    readings: number(delta.readings.size),
    seen: { BS: [...delta.readings.keys()].map((print) => Buffer.from(print, 'hex')) },
    firstReadingAt: number(delta.firstReadingAt),
    lastReadingAt: number(delta.lastReadingAt),
    lastFingerprint: { B: Buffer.from(delta.lastFingerprint, 'hex') },
    last: { M: Object.fromEntries([...delta.last].map(([metric, value]) => [metric, decimal(value)])) },
  };
  for (const [metric, { min, max, sum, count }] of delta.metrics) {
    item[`${metric}.min`] = decimal(min);
    item[`${metric}.max`] = decimal(max);
    item[`${metric}.sum`] = decimal(sum);
    item[`${metric}.count`] = number(count);
  }
  return item;
}

/** Reads an item of the windows table; throws an Error that names the attribute if a metric's statistic is missing. */
export function windowOf(item: Item): Window {
  return {
    deviceId: item['deviceId']?.S ?? '',
    site: item['site']?.S ?? '',
    windowStart: Number(item['windowStart']?.N),
    readings: Number(item['readings']?.N),
    metrics: metricsIn(item),
    ...spanIn(item),
  };
}

/** Reads only the totals of an item; throws as `windowOf` does. */
export function totalsOf(item: Item): WindowTotals {
  const [first, newest] = [item['firstReadingAt']?.N, item['lastReadingAt']?.N];
  return {
    deviceId: item['deviceId']?.S ?? '',
    windowStart: Number(item['windowStart']?.N),
    readings: Number(item['readings']?.N),
    metrics: metricsIn(item),
    ...(first !== undefined && newest !== undefined
      ? { firstReadingAt: Number(first), lastReadingAt: Number(newest) }
      : {}),
  };
}

function metricsIn(item: Item): Map<string, Aggregate> {
  const metrics = new Map<string, Aggregate>();
  for (const attribute of Object.keys(item)) {
    if (!attribute.endsWith('.count')) continue;
    const metric = attribute.slice(0, -'.count'.length);
    metrics.set(metric, {
      min: decimalAt(item, `${metric}.min`),
      max: decimalAt(item, `${metric}.max`),
      sum: decimalAt(item, `${metric}.sum`),
      count: Number(item[attribute]?.N),
    });
  }
  return metrics;
}

/** Windows stored by versions without spans have none. */
function spanIn(item: Item): Span {
  const [first, newest] = [item['firstReadingAt']?.N, item['lastReadingAt']?.N];
  if (first === undefined || newest === undefined) return NO_SPAN;
  const values = Object.keys(item['last']?.M ?? {}).map(
    (metric) => [metric, decimalAt(item['last']!.M!, metric)] as const,
  );
  return {
    firstReadingAt: Number(first),
    lastReadingAt: Number(newest),
    lastFingerprint: Buffer.from(item['lastFingerprint']?.B ?? []).toString('hex'),
    last: new Map(values),
  };
}

/** Fingerprints of counted readings that are in the item, without those in chunks. */
export function seenIn(item: Item | undefined): Set<string> {
  return new Set(item?.['seen']?.BS?.map((bytes) => Buffer.from(bytes).toString('hex')));
}

/** The name of the newest chunk of fingerprints, if there are more than fit the item. */
export function chunkIn(item: Item): string | undefined {
  return item['chunk']?.S;
}

function decimalAt(item: Item, attribute: string): Decimal {
  const value = decimalFromText(item[attribute]?.N ?? '');
  if (value === undefined) throw new Error(`Attribute ${attribute} of a window is missing or not a decimal`);
  return value;
}
