// Builds the DynamoDB update for a delta, which counts it and sets the extremes that it improves, or changes nothing.

import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { decimalText } from '../core/decimal.ts';
import { endsLater } from '../core/span.ts';
import type { Delta, Window } from '../core/window.ts';
import type { Item } from './window-item.ts';

export type Update = Required<
  Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >
>;

/** What a delta improves: an extreme such as `temperature.max`, the time of the first reading, or the last values. */
export type Improvement = string;

const FIRST = 'firstReadingAt';
const LAST = 'last';

/** The guess for an unknown window: most readings come in order, and within the extremes so far. */
const USUAL_IMPROVEMENTS: readonly Improvement[] = [LAST];

/** An update being built: what it sets and adds, which comparisons must hold and which must fail. */
interface Draft {
  readonly names: Record<string, string>;
  readonly values: Item;
  readonly set: string[];
  readonly add: string[];
  readonly holds: string[];
  readonly fails: string[];
  readonly improved: ReadonlySet<Improvement>;
}

/** What an update expects of the delta's window. */
interface Expected {
  /** Epoch seconds. It depends on the window alone, so a write to an expired window leaves it expired. */
  readonly expiresAt: number;
  readonly improvements?: readonly Improvement[] | undefined;
  /** The newest chunk of fingerprints; absent while all are in the item. */
  readonly chunk: string | undefined;
}

/**
 * Adds counts, sums and fingerprints and sets what is in `improvements`, on condition that none of the readings is
 * counted yet, that exactly these improve on what is stored, and that the window's newest chunk is the expected one.
 * `most`: the readings that the window may have before the update, so that all fingerprints have room in the item; a
 * window whose chunks have changed has more.
 *
 * A comparison with an attribute that the item lacks is false, so a window that lacks a metric takes it.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function countingUpdate(delta: Delta, expected: Expected & { readonly most: number }): Update {
  const draft = draftOf(delta, expected);
  const { names, values, add, holds, fails } = draft;
  const prints = printsOf(delta);
  Object.assign(names, { '#seen': 'seen' });
  Object.assign(values, { ':seen': { BS: prints }, ':most': { N: String(expected.most) } });
  add.push('#seen :seen');
  fails.push('#readings>:most');
  if (expected.chunk !== undefined) expectChunk(draft, expected.chunk, holds);
  for (const [i, print] of prints.entries()) {
    values[`:f${i}`] = { B: print };
    fails.push(`contains(#seen,:f${i})`);
  }
  return updateOf(draft);
}

/**
 * As `countingUpdate`, on condition that the window has exactly `readings` readings, all of whose fingerprints the
 * writer knows. Every write adds readings, so the window is unchanged then. `newChunk` becomes the newest chunk: with
 * `replacesSeen` it has the item's fingerprints, which the delta's replace, otherwise it has the delta's.
 */
export function chunkingUpdate(
  delta: Delta,
  expected: Expected & {
    readonly readings: number;
    readonly newChunk: string;
    readonly replacesSeen: boolean;
  },
): Update {
  const draft = draftOf(delta, expected);
  const { names, values, set, holds } = draft;
  names['#chunk'] = 'chunk';
  values[':new'] = { S: expected.newChunk };
  set.push('#chunk=:new');
  if (expected.replacesSeen) {
    names['#seen'] = 'seen';
    values[':seen'] = { BS: printsOf(delta) };
    set.push('#seen=:seen');
  }
  if (expected.readings === 0) {
    holds.push('attribute_not_exists(#readings)');
  } else {
    values[':known'] = { N: String(expected.readings) };
    holds.push('#readings=:known');
  }
  if (expected.chunk === undefined) holds.push('attribute_not_exists(#chunk)');
  else expectChunk(draft, expected.chunk, holds);
  return updateOf(draft);
}

function expectChunk({ names, values }: Draft, chunk: string, holds: string[]): void {
  names['#chunk'] = 'chunk';
  values[':chunk'] = { S: chunk };
  holds.push('#chunk=:chunk');
}

function draftOf(delta: Delta, { expiresAt, improvements = USUAL_IMPROVEMENTS }: Expected): Draft {
  const draft: Draft = {
    names: { '#site': 'site', '#expires': 'expiresAt', '#readings': 'readings' },
    values: {
      ':site': { S: delta.site },
      ':expires': { N: String(expiresAt) },
      ':readings': { N: String(delta.readings.size) },
    },
    set: ['#site=if_not_exists(#site,:site)', '#expires=:expires'],
    add: ['#readings :readings'],
    holds: [],
    fails: [],
    improved: new Set(improvements),
  };
  draftSpan(draft, delta);
  draftMetrics(draft, delta);
  return draft;
}

function updateOf({ names, values, set, add, holds, fails }: Draft): Update {
  const conditions = fails.length > 0 ? [...holds, `NOT (${fails.join(' OR ')})`] : holds;
  return {
    UpdateExpression: `SET ${set.join(',')} ADD ${add.join(',')}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

const printsOf = ({ readings }: Delta) => [...readings.keys()].map((print) => Buffer.from(print, 'hex'));

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
  for (const [i, [metric, statistics]] of [...delta.metrics].entries()) {
    Object.assign(draft.names, {
      [`#n${i}`]: `${metric}.min`,
      [`#x${i}`]: `${metric}.max`,
      [`#s${i}`]: `${metric}.sum`,
      [`#c${i}`]: `${metric}.count`,
    });
    Object.assign(draft.values, {
      [`:n${i}`]: { N: decimalText(statistics.min) },
      [`:x${i}`]: { N: decimalText(statistics.max) },
      [`:s${i}`]: { N: decimalText(statistics.sum) },
      [`:c${i}`]: { N: String(statistics.count) },
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

/** What the delta improves, of what the window has. */
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
