// Stores the fingerprints for which a hot window's item has no room, as a chain of chunks in a table of their own.

// Each chunk is named by a hash of its content and of the chunk before it. So the window only stores the name of the newest
// chunk, which identifies all of them; no chunk ever changes, racing writers never disagree about one, and a chunk that no
// window refers to does no harm and expires.

import { hash } from 'node:crypto';
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { WindowKey } from '../core/window.ts';

/** The name of a chunk. */
export type ChunkName = string;

export interface FingerprintChain {
  /**
   * All fingerprints in that chunk and the chunks before it. Rejects with an Error if one is missing, or with the SDK's.
   */
  readUpTo(window: WindowKey, newest: ChunkName): Promise<ReadonlySet<string>>;
  /** Writes a chunk after `previous` and gives its name. It takes effect once a window refers to it. Safe to repeat. */
  append(
    window: WindowKey,
    previous: ChunkName | undefined,
    prints: Iterable<string>,
    expiresAt: number,
  ): Promise<ChunkName>;
  /** Remembers a chunk that this environment wrote and a window now refers to, so that it need not be read. */
  learn(
    window: WindowKey,
    previous: ChunkName | undefined,
    newest: ChunkName,
    prints: Iterable<string>,
  ): void;
}

interface Chunk {
  readonly previous: ChunkName | undefined;
  readonly prints: readonly string[];
}

interface Known {
  readonly newest: ChunkName;
  readonly prints: Set<string>;
}

/** Most fingerprints that an environment remembers, about 25 MB: those of twelve full windows of ten seconds. */
const MAX_KNOWN_PRINTS = 250_000;
/** Chunks read one by one; if more are new, all chunks of the window are read at once. */
const MAX_SINGLE_READS = 3;
/** DynamoDB deletes expired items within days, in any order: no chunk may be deleted before its window. */
const MARGIN_SECONDS = 14 * 86_400;
const PRINT_DIGITS = 16;

const partitionOf = ({ deviceId, windowStart }: WindowKey) => `${windowStart}/${deviceId}`;

/** `expiresAt` of `append` is the window's, in epoch seconds. */
interface ChainOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly maxKnownPrints?: number;
}

async function readOne({ client, table }: ChainOptions, window: WindowKey, name: ChunkName): Promise<Chunk> {
  const Key = { window: { S: partitionOf(window) }, chunk: { S: name } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item ? chunkOf(Item) : missing(table, window, name);
}

async function readAll({ client, table }: ChainOptions, window: WindowKey): Promise<Map<ChunkName, Chunk>> {
  const chunks = new Map<ChunkName, Chunk>();
  let after: Record<string, AttributeValue> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#window = :window',
        ExpressionAttributeNames: { '#window': 'window' },
        ExpressionAttributeValues: { ':window': { S: partitionOf(window) } },
        ConsistentRead: true,
        ExclusiveStartKey: after,
      }),
    );
    for (const item of Items) chunks.set(item['chunk']!.S!, chunkOf(item));
    after = LastEvaluatedKey;
  } while (after);
  return chunks;
}

/** Reads the chunks of a window from `newest` back to the one after `last`, or to the first. */
async function readBack(
  options: ChainOptions,
  window: WindowKey,
  newest: ChunkName,
  last: ChunkName | undefined,
) {
  const prints: string[] = [];
  let all: Map<ChunkName, Chunk> | undefined;
  let name: ChunkName | undefined = newest;
  for (let reads = 0; name !== undefined && name !== last; reads += 1) {
    if (reads === MAX_SINGLE_READS) all = await readAll(options, window);
    const chunk: Chunk = all
      ? (all.get(name) ?? missing(options.table, window, name))
      : await readOne(options, window, name);
    for (const print of chunk.prints) prints.push(print);
    name = chunk.previous;
  }
  return { prints, isWhole: name === undefined };
}

function missing(table: string, window: WindowKey, name: ChunkName): never {
  const { deviceId, windowStart } = window;
  throw new Error(
    `Table ${table} has lost the fingerprints ${name} of ${deviceId}'s window ${new Date(windowStart).toISOString()}: ` +
      'without them none of its readings can be counted. Restore the table',
  );
}

function createAppend({ client, table }: ChainOptions): FingerprintChain['append'] {
  return async (window, previous, prints, expiresAt) => {
    const sorted = [...prints].sort();
    const partition = partitionOf(window);
    const name = hash('sha256', [partition, previous ?? '', ...sorted].join('\n')).slice(0, 32);
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          window: { S: partition },
          chunk: { S: name },
          ...(previous !== undefined && { previous: { S: previous } }),
          prints: { B: Buffer.from(sorted.join(''), 'hex') },
          expiresAt: { N: String(expiresAt + MARGIN_SECONDS) },
        },
      }),
    );
    return name;
  };
}

export function createFingerprintChain(options: ChainOptions): FingerprintChain {
  const { maxKnownPrints = MAX_KNOWN_PRINTS } = options;
  const known = createKnownPrints(maxKnownPrints);

  return {
    async readUpTo(window, newest) {
      const partition = partitionOf(window);
      const before = known.get(partition);
      if (before?.newest === newest) return before.prints;
      const { prints, isWhole } = await readBack(options, window, newest, before?.newest);
      const all = isWhole ? new Set(prints) : before!.prints;
      for (const print of prints) all.add(print);
      known.set(partition, { newest, prints: all });
      return all;
    },

    append: createAppend(options),

    learn(window, previous, newest, prints) {
      const partition = partitionOf(window);
      const before = previous === undefined ? undefined : known.get(partition);
      if (before?.newest !== previous) return;
      const all = before?.prints ?? new Set<string>();
      for (const print of prints) all.add(print);
      known.set(partition, { newest, prints: all });
    },
  };
}

function chunkOf(item: Record<string, AttributeValue>): Chunk {
  const digits = Buffer.from(item['prints']?.B ?? []).toString('hex');
  const prints: string[] = [];
  for (let at = 0; at < digits.length; at += PRINT_DIGITS) prints.push(digits.slice(at, at + PRINT_DIGITS));
  return { previous: item['previous']?.S, prints };
}

/** The known fingerprints of the windows that were used last; of at least one window. */
function createKnownPrints(limit: number) {
  const windows = new Map<string, Known>();
  return {
    get: (partition: string) => windows.get(partition),
    set(partition: string, of: Known): void {
      windows.delete(partition);
      windows.set(partition, of);
      let total = 0;
      for (const { prints } of windows.values()) total += prints.size;
      for (const [oldest, { prints }] of windows) {
        if (total <= limit || oldest === partition) break;
        windows.delete(oldest);
        total -= prints.size;
      }
    },
  };
}
