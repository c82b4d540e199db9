// DynamoDB's expressions for the two writes of a delta: the counting, which must happen once, and the extremes, which may repeat.

import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { decimalText, type Decimal } from '../core/decimal.ts';
import type { Delta, Window } from '../core/window.ts';
import type { Item } from './window-item.ts';

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
 * depends on the window alone, so a write to an expired window leaves it expired. Sets the extremes in `foreseen` too, on
 * condition that each still is better than what is stored, and otherwise those that the window lacks.
 */
export function countingUpdate(
  delta: Delta,
  expiresAt: number,
  foreseen: readonly Improvement[] = [],
): Update {
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
  const worse = new Map(foreseen.map((improvement) => [improvement.attribute, improvement.worse]));
  const conditions: string[] = [];
  const setExtreme = (attribute: string, name: string, value: string) => {
    const comparison = worse.get(attribute);
    set.push(comparison ? `${name}=${value}` : `${name}=if_not_exists(${name},${value})`);
    if (comparison) conditions.push(`${name}${comparison}${value}`);
  };
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
    setExtreme(`${metric}.min`, `#n${i}`, `:n${i}`);
    setExtreme(`${metric}.max`, `#x${i}`, `:x${i}`);
    add.push(`#s${i} :s${i}`, `#c${i} :c${i}`);
  }
  for (const [i, print] of prints.entries()) {
    values[`:f${i}`] = { B: print };
    conditions.push(`NOT contains(#seen,:f${i})`);
  }
  return {
    UpdateExpression: `SET ${set.join(',')} ADD ${add.join(',')}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** The delta's extremes that are better than the window's, of the metrics that the window has. */
export function improvementsOn(window: Pick<Window, 'metrics'>, delta: Delta): Improvement[] {
  const better: Improvement[] = [];
  for (const [metric, { min, max }] of delta.metrics) {
    const stored = window.metrics.get(metric);
    if (!stored) continue;
    if (min < stored.min) better.push({ attribute: `${metric}.min`, value: min, worse: '>' });
    if (max > stored.max) better.push({ attribute: `${metric}.max`, value: max, worse: '<' });
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
