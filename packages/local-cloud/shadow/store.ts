// Keeps shadows on disk, whole after a crash, and for two days the version of each deleted one.

import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type Change, type RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import { parseJson } from '../json/json.ts';
import { emptyDocument, type ShadowDocument } from './document.ts';

/** The shadows of one thing: the classic one has no name. Neither name may contain `~`. */
export interface ShadowId {
  readonly thingName: string;
  readonly shadowName?: string;
}

/** The name of a shadow, in the form that AWS uses in its messages. */
export const keyOf = ({ thingName, shadowName }: ShadowId) =>
  shadowName === undefined ? thingName : `${thingName}~${shadowName}`;

export type DoneRequest = readonly [traceId: string, versionAfter: number];

export interface KeptShadow {
  /** False for a deleted shadow and for one that never existed; its document is empty then. */
  readonly exists: boolean;
  /** Its version is what the next one continues from. */
  readonly document: ShadowDocument;
  /** The last changes, oldest first: a restart may repeat one. */
  readonly requests: readonly DoneRequest[];
}

export interface ShadowStore {
  read(id: ShadowId): KeptShadow;
  /**
   * Keeps the shadow, or with `exists: false` only its version and requests.
   *
   * @throws AwsError ServiceUnavailableException when it cannot be written or there is no room; nothing is changed then.
   */
  write(id: ShadowId, shadow: KeptShadow): Promise<void>;
  /** In the order of their names, without the classic one. */
  namesOf(thingName: string): string[];
  close(): Promise<void>;
}

interface StoredShadow {
  /** JSON of state and metadata, so that no digit of a long number is lost. */
  readonly text: string;
  readonly version: number;
  readonly requests: readonly DoneRequest[];
}

interface Tombstone {
  readonly version: number;
  readonly requests: readonly DoneRequest[];
  /** Epoch milliseconds. */
  readonly deletedAt: number;
}

const MEMORY_MS = 48 * 3_600_000;
/** Deleted shadows that are remembered; beyond this number the oldest are dropped early. */
const MAXIMUM_TOMBSTONES = 100_000;
/** JSON of all shadows with their metadata; AWS has no such limit. */
const MAXIMUM_CHARACTERS = 256 * 1024 * 1024;

function parse({ text, version, requests }: StoredShadow): KeptShadow {
  const { state, metadata } = parseJson(text)!.value as unknown as Omit<ShadowDocument, 'version'>;
  return { exists: true, document: { state, metadata, version }, requests };
}

const isOld = ({ deletedAt }: Tombstone, now: number) => now - deletedAt >= MEMORY_MS;

/** The removal of tombstones that are no longer needed; the oldest come first. */
function forgotten(tombstones: ReadonlyMap<string, Tombstone>, now: number): Change[] {
  const changes: Change[] = [];
  for (const [key, tombstone] of tombstones) {
    if (!isOld(tombstone, now) && tombstones.size - changes.length < MAXIMUM_TOMBSTONES) break;
    changes.push({ kind: 'deleted', key, value: undefined });
  }
  return changes;
}

/** Counts the characters of all shadows. @param used by those that are stored already */
function createRoom(used: number, maximum: number, log: Log) {
  let characters = used;
  return {
    /** @throws AwsError ServiceUnavailableException when there is no room for so many more */
    take(by: number, key: string): void {
      if (by > 0 && characters + by > maximum) {
        log.warn('shadow refused: all shadows together have reached the limit', { shadow: key, maximum });
        throw new AwsError('ServiceUnavailableException', 'No room for more shadows: delete some', 503);
      }
      characters += by;
    },
    giveBack(by: number): void {
      characters -= by;
    },
  };
}

interface Parts {
  readonly clock: Clock;
  readonly file: RecordFile;
  readonly shadows: ReadonlyMap<string, StoredShadow>;
  readonly tombstones: ReadonlyMap<string, Tombstone>;
  readonly room: ReturnType<typeof createRoom>;
}

function read({ shadows, tombstones, clock }: Parts, id: ShadowId): KeptShadow {
  const key = keyOf(id);
  const stored = shadows.get(key);
  if (stored) return parse(stored);
  const tombstone = tombstones.get(key);
  const isKnown = tombstone !== undefined && !isOld(tombstone, clock.now());
  const { version, requests } = isKnown ? tombstone : { version: 0, requests: [] };
  return { exists: false, document: emptyDocument(version), requests };
}

async function write(
  { clock, file, shadows, tombstones, room }: Parts,
  id: ShadowId,
  { exists, document: { state, metadata, version }, requests }: KeptShadow,
): Promise<void> {
  const key = keyOf(id);
  const text = exists ? JSON.stringify({ state, metadata }) : '';
  const grows = text.length - (shadows.get(key)?.text.length ?? 0);
  room.take(grows, key);
  const now = clock.now();
  const stored: StoredShadow = { text, version, requests };
  const tombstone: Tombstone = { version, requests, deletedAt: now };
  try {
    await file.commit([
      ...forgotten(tombstones, now),
      { kind: 'shadow', key, value: exists ? stored : undefined },
      { kind: 'deleted', key, value: exists ? undefined : tombstone },
    ]);
  } catch (error) {
    room.giveBack(grows);
    throw error;
  }
}

/** Opens `<dir>/shadows.log`. @throws StartError when it is damaged. */
export async function openShadowStore(options: {
  dir: string;
  clock: Clock;
  log: Log;
  maximum?: number;
}): Promise<ShadowStore> {
  const { dir, clock, log, maximum = MAXIMUM_CHARACTERS } = options;
  await makeDirectory(dir);
  const file = await openRecordFile(path.join(dir, 'shadows.log'), log);
  const shadows = file.table<StoredShadow>('shadow');
  const tombstones = file.table<Tombstone>('deleted');
  const used = [...shadows.values()].reduce((sum, { text }) => sum + text.length, 0);
  const parts: Parts = { clock, file, shadows, tombstones, room: createRoom(used, maximum, log) };
  return {
    read: (id) => read(parts, id),
    write: (id, shadow) => write(parts, id, shadow),
    namesOf(thingName) {
      const start = `${thingName}~`;
      return [...shadows.keys()]
        .filter((key) => key.startsWith(start))
        .map((key) => key.slice(start.length))
        .sort();
    },
    close: () => file.close(),
  };
}
