// DynamoDB's expressions for the one write of a delta, which counts it and sets the extremes that it improves, or does nothing.

import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { decimalText } from '../core/decimal.ts';
import { endsLater } from '../core/span.ts';
import type { Delta, Window } from '../core/window.ts';
import type { Item } from './window-item.ts';

type Update = Required<
  Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >
>;

/** What a delta makes better: an extreme, such as `temperature.max`, the time of the first reading, or the last values. */
export type Improvement = string;

const FIRST = 'firstReadingAt';
const LAST = 'last';

/** What to expect of a window that nothing is known of: readings mostly come in order, and within the extremes so far. */
const usualImprovements: readonly Improvement[] = [LAST];

/** An update in the making: what it sets and adds, and which comparisons must hold and which must fail. */
interface Draft {
  readonly names: Record<string, string>;
  readonly values: Item;
  readonly set: string[];
  readonly add: string[];
  readonly holds: string[];
  readonly fails: string[];
  readonly improved: ReadonlySet<Improvement>;
}

/**
 * Adds counts, sums and fingerprints and sets what is in `improvements`, on condition that none of the readings is counted
 * yet and that these, and no others, are better than what is stored. `expiresAt` (epoch seconds) depends on the window
 * alone, so a write to an expired window leaves it expired.
 *
 * A comparison with an attribute that the item lacks is false, so a window that lacks a metric takes it.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function countingUpdate(
  delta: Delta,
  expiresAt: number,
  improvements: readonly Improvement[] = usualImprovements,
): Update {
  const prints = [...delta.readings.keys()].map((print) => Buffer.from(print, 'hex'));
  const draft: Draft = {
    names: { '#site': 'site', '#expires': 'expiresAt', '#readings': 'readings', '#seen': 'seen' },
    values: {
      ':site': { S: delta.site },
      ':expires': { N: String(expiresAt) },
      ':readings': { N: String(prints.length) },
      ':seen': { BS: prints },
    },
    set: ['#site=if_not_exists(#site,:site)', '#expires=:expires'],
    add: ['#readings :readings', '#seen :seen'],
    holds: [],
    fails: [],
    improved: new Set(improvements),
  };
  draftSpan(draft, delta);
  draftMetrics(draft, delta);
  const { names, values, set, add, holds, fails } = draft;
  for (const [i, print] of prints.entries()) {
    values[`:f${i}`] = { B: print };
    fails.push(`contains(#seen,:f${i})`);
  }
  return {
    UpdateExpression: `SET ${set.join(',')} ADD ${add.join(',')}`,
    ConditionExpression: [...holds, `NOT (${fails.join(' OR ')})`].join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function draftSpan(draft: Draft, delta: Delta): void {
  const { names, values, set, holds, fails, improved } = draft;
  Object.assign(names, { '#t': FIRST, '#u': 'lastReadingAt', '#p': 'lastFingerprint' });
  Object.assign(values, {
    ':t': { N: String(delta.firstReadingAt) },
    ':u': { N: String(delta.lastReadingAt) },
    ':p': { B: Buffer.from(delta.lastFingerprint, 'hex') },
  });
  draftExtreme(draft, FIRST, '#t', ':t', '>');
  const endsBeforeStored = '#u>:u OR #u=:u AND #p>:p';
  if (improved.has(LAST)) {
    names['#last'] = LAST;
    values[':last'] = { M: lastValues(delta) };
    set.push('#u=:u', '#p=:p', '#last=:last');
    fails.push(endsBeforeStored);
  } else {
    holds.push(`(${endsBeforeStored})`);
  }
}

function draftMetrics(draft: Draft, delta: Delta): void {
  for (const [i, [metric, figures]] of [...delta.metrics].entries()) {
    Object.assign(draft.names, {
      [`#n${i}`]: `${metric}.min`,
      [`#x${i}`]: `${metric}.max`,
      [`#s${i}`]: `${metric}.sum`,
      [`#c${i}`]: `${metric}.count`,
    });
    Object.assign(draft.values, {
      [`:n${i}`]: { N: decimalText(figures.min) },
      [`:x${i}`]: { N: decimalText(figures.max) },
      [`:s${i}`]: { N: decimalText(figures.sum) },
      [`:c${i}`]: { N: String(figures.count) },
    });
    draftExtreme(draft, `${metric}.min`, `#n${i}`, `:n${i}`, '>');
    draftExtreme(draft, `${metric}.max`, `#x${i}`, `:x${i}`, '<');
    draft.add.push(`#s${i} :s${i}`, `#c${i} :c${i}`);
  }
}

function draftExtreme(draft: Draft, attribute: string, name: string, value: string, worse: '>' | '<'): void {
  const improves = draft.improved.has(attribute);
  draft.set.push(improves ? `${name}=${value}` : `${name}=if_not_exists(${name},${value})`);
  (improves ? draft.holds : draft.fails).push(`${name}${worse}${value}`);
}

function lastValues({ last }: Delta): Item {
  return Object.fromEntries([...last].map(([metric, value]) => [metric, { N: decimalText(value) }]));
}

/** What the delta makes better than it is in the window, of what the window has. */
export function improvementsOn(window: Window, delta: Delta): Improvement[] {
  const better: Improvement[] = [];
  const isKnown = Number.isFinite(window.firstReadingAt);
  if (isKnown && delta.firstReadingAt < window.firstReadingAt) better.push(FIRST);
  if (endsLater(delta, window)) better.push(LAST);
  for (const [metric, { min, max }] of delta.metrics) {
    const stored = window.metrics.get(metric);
    if (!stored) continue;
    if (min < stored.min) better.push(`${metric}.min`);
    if (max > stored.max) better.push(`${metric}.max`);
  }
  return better;
}
