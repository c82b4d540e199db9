// DynamoDB's expressions for the one write of a delta, which counts it and sets the extremes that it improves, or does nothing.

import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { decimalText } from '../core/decimal.ts';
import type { Delta, Window } from '../core/window.ts';
import type { Item } from './window-item.ts';

type Update = Required<
  Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >
>;

/** The attribute of an extreme that a delta makes better, such as `temperature.max`. */
export type Improvement = string;

/**
 * Adds counts, sums and fingerprints and sets the extremes in `improvements`, on condition that none of the readings is
 * counted yet and that these extremes, and no others, are better than what is stored. `expiresAt` (epoch seconds)
 * depends on the window alone, so a write to an expired window leaves it expired.
 *
 * A comparison with an attribute that the item lacks is false, so a window that lacks a metric takes it.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function countingUpdate(
  delta: Delta,
  expiresAt: number,
  improvements: readonly Improvement[],
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
  const improved = new Set(improvements);
  const conditions: string[] = [];
  const setExtreme = (attribute: string, name: string, value: string, worse: '>' | '<') => {
    const improves = improved.has(attribute);
    set.push(improves ? `${name}=${value}` : `${name}=if_not_exists(${name},${value})`);
    conditions.push(`${improves ? '' : 'NOT '}${name}${worse}${value}`);
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
    setExtreme(`${metric}.min`, `#n${i}`, `:n${i}`, '>');
    setExtreme(`${metric}.max`, `#x${i}`, `:x${i}`, '<');
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
    if (min < stored.min) better.push(`${metric}.min`);
    if (max > stored.max) better.push(`${metric}.max`);
  }
  return better;
}
