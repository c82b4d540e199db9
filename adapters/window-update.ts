// DynamoDB's expressions for the two writes of a delta: the counting, which must happen once, and the extremes, which may repeat.

import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { decimalText, type Decimal } from '../core/decimal.ts';
import type { Delta } from '../core/window.ts';
import { decimalAt, type Item } from './window-item.ts';

type Update = Required<
  Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >
>;

export interface Improvement {
  readonly attribute: string;
  readonly value: Decimal;
  /** How the stored value compares with ours while ours is better. */
  readonly worse: '>' | '<';
}

/**
 * Adds counts, sums and fingerprints, on condition that none of the readings is counted yet. `expiresAt` (epoch seconds)
 * depends on the window alone, so a write to an expired window leaves it expired.
 */
export function countingUpdate(delta: Delta, expiresAt: number): Update {
  const names: Record<string, string> = {
    '#site': 'site',
    '#expires': 'expiresAt',
    '#readings': 'readings',
    '#seen': 'seen',
  };
  const prints = [...delta.readings.keys()].map((print) => Buffer.from(print, 'hex'));
  const values: Item = {
    ':site': { S: delta.site },
    ':expires': { N: String(expiresAt) },
    ':readings': { N: String(prints.length) },
    ':seen': { BS: prints },
  };
  const set = ['#site=if_not_exists(#site,:site)', '#expires=:expires'];
  const add = ['#readings :readings', '#seen :seen'];
  for (const [i, [metric, figures]] of [...delta.metrics].entries()) {
    Object.assign(names, {
      [`#n${i}`]: `${metric}.min`,
      [`#x${i}`]: `${metric}.max`,
      [`#s${i}`]: `${metric}.sum`,
      [`#c${i}`]: `${metric}.count`,
    });
    Object.assign(values, {
      [`:n${i}`]: { N: decimalText(figures.min) },
      [`:x${i}`]: { N: decimalText(figures.max) },
      [`:s${i}`]: { N: decimalText(figures.sum) },
      [`:c${i}`]: { N: String(figures.count) },
    });
    set.push(`#n${i}=if_not_exists(#n${i},:n${i})`, `#x${i}=if_not_exists(#x${i},:x${i})`);
    add.push(`#s${i} :s${i}`, `#c${i} :c${i}`);
  }
  const conditions = prints.map((print, i) => {
    values[`:f${i}`] = { B: print };
    return `NOT contains(#seen,:f${i})`;
  });
  return {
    UpdateExpression: `SET ${set.join(',')} ADD ${add.join(',')}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** The delta's extremes that are better than the item's. */
export function improvementsOn(item: Item, delta: Delta): Improvement[] {
  const better: Improvement[] = [];
  for (const [metric, { min, max }] of delta.metrics) {
    const [lowest, highest] = [`${metric}.min`, `${metric}.max`];
    if (min < decimalAt(item, lowest)) better.push({ attribute: lowest, value: min, worse: '>' });
    if (max > decimalAt(item, highest)) better.push({ attribute: highest, value: max, worse: '<' });
  }
  return better;
}

/** Sets extremes, on condition that every one is still better than what is stored. */
export function extremesUpdate(improvements: readonly Improvement[]): Update {
  const names: Record<string, string> = {};
  const values: Item = {};
  for (const [i, { attribute, value }] of improvements.entries()) {
    names[`#e${i}`] = attribute;
    values[`:e${i}`] = { N: decimalText(value) };
  }
  return {
    UpdateExpression: `SET ${improvements.map((_, i) => `#e${i}=:e${i}`).join(',')}`,
    ConditionExpression: improvements.map(({ worse }, i) => `#e${i}${worse}:e${i}`).join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}
