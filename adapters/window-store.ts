// Applies deltas to the windows table so that statistics stay exact under duplicates, retries, reordering and concurrency.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Reading } from '../core/reading.ts';
import { createRecent } from '../core/recent.ts';
import { maxReadingsOf, partOf, without, type Delta, type Window } from '../core/window.ts';
import type { AppliedDelta, WindowStore } from '../pipeline/ports.ts';
import { createFingerprintChain, type ChunkName, type FingerprintChain } from './fingerprint-chain.ts';
import { createWindowsBefore } from './windows-before.ts';
import { chunkIn, keyOf, seenIn, windowOf, type Item } from './window-item.ts';
import { isNameable, partsOf } from './window-parts.ts';
import { chunkingUpdate, countingUpdate, improvementsOn, type Update } from './window-update.ts';

/** Windows that an environment remembers, to predict which extremes a reading will improve. */
const REMEMBERED_WINDOWS = 1000;

/**
 * Most fingerprints in a window's item; the others are in chunks in another table. A write is billed for the whole item,
 * so more would make each reading of a busy window more expensive, and fewer would create chunks for windows that are
 * less busy.
 */
export const MAX_SEEN = 128;

/** A window has few concurrent writers; more refusals than this are not a race. */
const MAX_TRIES = 100;

/** What is known about a window; it may be out of date. */
interface Known {
  readonly window: Window;
  readonly chunk: ChunkName | undefined;
  /** The number of fingerprints in the item. */
  readonly inItem: number;
  /** The fingerprints in the item, if they were read. */
  readonly seen?: () => ReadonlySet<string>;
}

export interface WindowStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly fingerprintsTable: string;
  readonly retentionDays: number;
  readonly windowSeconds: number;
  readonly rememberedWindows?: number;
  /** Both are lower in tests. */
  readonly maxReadings?: number;
  readonly maxSeen?: number;
}

export function createWindowStore(options: WindowStoreOptions): WindowStore {
  const { rememberedWindows = REMEMBERED_WINDOWS, windowSeconds } = options;
  const { maxReadings = maxReadingsOf(windowSeconds) } = options;
  const remembered = createRecent<Known>(rememberedWindows);
  const count = createCounting(options, maxReadings);

  async function applyPart(delta: Delta): Promise<AppliedDelta> {
    const key = `${delta.windowStart}/${delta.deviceId}`;
    const { known, applied, overflow } = await count(delta, remembered.get(key));
    // A full window never changes again, so its last fingerprints are remembered, and further readings are refused without a call.
    const { seen: _seen, ...rest } = known;
    remembered.set(key, known.window.readings < maxReadings ? rest : known);
    return { window: known.window, applied, overflow };
  }

  return {
    before: createWindowsBefore(options),

    async apply(delta) {
      const [first, ...others] = partsOf(delta);
      let all = await applyPart(first!);
      for (const part of others) {
        const { window, applied, overflow } = await applyPart(part);
        all = { window, applied: all.applied + applied, overflow: [...all.overflow, ...overflow] };
      }
      return all;
    },
  };
}

interface Counted {
  readonly known: Known;
  readonly applied: number;
  readonly overflow: readonly Reading[];
}

/** Reads and updates the item of a window. */
function createItemAccess({ client, table }: WindowStoreOptions) {
  /** The window after the write, or the window that failed the condition; undefined if there is none. */
  async function update(delta: Delta, expressions: Update) {
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(delta),
          ...expressions,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { isWritten: true, known: knownOf(Attributes) } as const;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isWritten: false, known: error.Item ? knownOf(error.Item) : await read(delta) } as const;
    }
  }

  async function read(delta: Delta): Promise<Known | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(delta), ConsistentRead: true }),
    );
    return Item && knownOf(Item);
  }

  return { update, read };
}

/**
 * @returns a function that gives the readings that are neither in the item, if its fingerprints are known, nor in a
 * chunk
 */
function createUncounted(chain: FingerprintChain) {
  return async (delta: Delta, known: Known | undefined): Promise<Delta> => {
    const inChunks = known?.chunk === undefined ? undefined : await chain.readUpTo(delta, known.chunk);
    const rest = inChunks ? without(delta, inChunks) : delta;
    return known?.seen ? without(rest, known.seen()) : rest;
  };
}

type UpdateItem = ReturnType<typeof createItemAccess>['update'];

/**
 * @returns a function that writes a delta. The fingerprints that do not fit the item, its own or the delta's, are
 *   written to a chunk first.
 */
function createWrite(
  { retentionDays, maxSeen = MAX_SEEN }: WindowStoreOptions,
  maxReadings: number,
  { chain, update }: { readonly chain: FingerprintChain; readonly update: UpdateItem },
) {
  return async (delta: Delta, known: Known | undefined) => {
    const { window, chunk, inItem = 0 } = known ?? {};
    const readings = window?.readings ?? 0;
    const expiresAt = Math.floor(delta.windowStart / 1000) + retentionDays * 86_400;
    const expected = { expiresAt, chunk, improvements: window && improvementsOn(window, delta) };
    const replacesSeen = isSmall(delta, maxSeen);
    if (replacesSeen && inItem + delta.readings.size <= maxSeen) {
      const room = Math.min(readings - inItem + maxSeen, maxReadings);
      return update(delta, countingUpdate(delta, { ...expected, most: room - delta.readings.size }));
    }
    const prints = replacesSeen ? known!.seen!() : [...delta.readings.keys()];
    const newChunk = await chain.append(delta, chunk, prints, expiresAt);
    const written = await update(
      delta,
      chunkingUpdate(delta, { ...expected, readings, newChunk, replacesSeen }),
    );
    if (written.isWritten) chain.learn(delta, chunk, newChunk, prints);
    return written;
  };
}

/**
 * Counts a delta that fits one update. It takes one write if the remembered window predicts what the delta improves and
 * all fingerprints have room in the item; otherwise one or two more calls. Every further refusal means that another
 * writer was faster, and its write makes the next attempt more likely to succeed.
 */
function createCounting(options: WindowStoreOptions, maxReadings: number) {
  const { client, table, fingerprintsTable, maxSeen = MAX_SEEN } = options;
  const chain = createFingerprintChain({ client, table: fingerprintsTable });
  const { update, read } = createItemAccess(options);
  const uncounted = createUncounted(chain);
  const write = createWrite(options, maxReadings, { chain, update });

  return async (delta: Delta, remembered: Known | undefined): Promise<Counted> => {
    let known = remembered;
    let isCurrent = remembered?.seen !== undefined;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const rest = await uncounted(delta, known);
      const room = maxReadings - (known?.window.readings ?? 0);
      if (!isCurrent && needsItem(rest, { inItem: known?.inItem ?? 0, room, maxSeen })) {
        known = await read(delta);
        isCurrent = true;
        continue;
      }
      if (known && (rest.readings.size === 0 || room <= 0))
        return { known, applied: 0, overflow: [...rest.readings.values()] };
      const fitting =
        rest.readings.size <= room ? rest : partOf(rest, [...rest.readings.values()].slice(0, room));
      const written = await write(fitting, known);
      known = written.known;
      isCurrent = true;
      if (known && written.isWritten) {
        const applied = fitting.readings.size;
        return { known, applied, overflow: [...rest.readings.values()].slice(applied) };
      }
    }
    throw new Error(
      `Table ${table} refused readings of ${delta.deviceId} ${MAX_TRIES} times; a retry is safe`,
    );
  };
}

/** Whether an update can list its fingerprints, and the item has room for them. */
const isSmall = (delta: Delta, maxSeen: number) => delta.readings.size <= maxSeen && isNameable(delta);

/**
 * Whether the next step needs more than an environment remembers about a window. A read costs much less than a chunk
 * that is useless because another writer was faster.
 */
function needsItem(
  rest: Delta,
  { inItem, room, maxSeen }: Pick<Known, 'inItem'> & { readonly room: number; readonly maxSeen: number },
): boolean {
  if (rest.readings.size === 0 || rest.readings.size > room) return true;
  return !(isSmall(rest, maxSeen) && inItem + rest.readings.size <= maxSeen);
}

function knownOf(item: Item): Known {
  const inItem = item['seen']?.BS?.length ?? 0;
  return { window: windowOf(item), chunk: chunkIn(item), inItem, seen: () => seenIn(item) };
}
