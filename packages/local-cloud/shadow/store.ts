// Keeps shadows on disk, whole after a crash, and remembers for two days how far the versions of deleted ones had come.

import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type Change } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import { parseJson } from '../json/json.ts';
import { emptyDocument, type ShadowDocument } from './document.ts';

/** The shadows of one thing: the classic one has no name. Neither name may contain `~`. */
export interface ShadowId {
  readonly thingName: string;
  readonly shadowName?: string;
}

/** As AWS writes it in its messages. */
export const keyOf = ({ thingName, shadowName }: ShadowId) =>
  shadowName === undefined ? thingName : `${thingName}~${shadowName}`;

export type DoneRequest = readonly [traceId: string, versionAfter: number];

export interface KeptShadow {
  /** False for a deleted shadow and for one that never was; its document is empty then. */
  readonly exists: boolean;
  /** Its version is what the next one continues from. */
  readonly document: ShadowDocument;
  /** The last changes, oldest first: a restart may hand one over a second time. */
  readonly requests: readonly DoneRequest[];
}

export interface ShadowStore {
  read(id: ShadowId): KeptShadow;
  /**
   * Keeps the shadow, or with `exists: false` only its version and requests.
   *
   * @throws AwsError ServiceUnavailableException when the disk refuses or all room is taken; nothing is changed then.
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
/** Deleted shadows that are remembered; beyond it the oldest are forgotten before their time. */
const MAXIMUM_TOMBSTONES = 100_000;
/** JSON of all shadows with their metadata; AWS has no such limit. */
const MAXIMUM_CHARACTERS = 256 * 1024 * 1024;

function parse({ text, version, requests }: StoredShadow): KeptShadow {
  const { state, metadata } = parseJson(text)!.value as unknown as Omit<ShadowDocument, 'version'>;
  return { exists: true, document: { state, metadata, version }, requests };
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
  let characters = 0;
  for (const { text } of shadows.values()) characters += text.length;

  const isOld = ({ deletedAt }: Tombstone) => clock.now() - deletedAt >= MEMORY_MS;

  /** Those that are not worth remembering any more; the oldest come first. */
  const forgotten = (): Change[] => {
    const changes: Change[] = [];
    for (const [key, tombstone] of tombstones) {
      if (!isOld(tombstone) && tombstones.size - changes.length < MAXIMUM_TOMBSTONES) break;
      changes.push({ kind: 'deleted', key, value: undefined });
    }
    return changes;
  };

  const grow = (by: number, key: string) => {
    if (by > 0 && characters + by > maximum) {
      log.warn('shadow refused: the shadows together take all the room there is', { shadow: key, maximum });
      throw new AwsError('ServiceUnavailableException', 'No room for more shadows: delete some', 503);
    }
    characters += by;
  };

  return {
    read(id) {
      const key = keyOf(id);
      const stored = shadows.get(key);
      if (stored) return parse(stored);
      const tombstone = tombstones.get(key);
      const { version, requests } = tombstone && !isOld(tombstone) ? tombstone : { version: 0, requests: [] };
      return { exists: false, document: emptyDocument(version), requests };
    },
    async write(id, { exists, document: { state, metadata, version }, requests }) {
      const key = keyOf(id);
      const text = exists ? JSON.stringify({ state, metadata }) : '';
      const grows = text.length - (shadows.get(key)?.text.length ?? 0);
      grow(grows, key);
      const stored: StoredShadow = { text, version, requests };
      const tombstone: Tombstone = { version, requests, deletedAt: clock.now() };
      try {
        await file.commit([
          ...forgotten(),
          { kind: 'shadow', key, value: exists ? stored : undefined },
          { kind: 'deleted', key, value: exists ? undefined : tombstone },
        ]);
      } catch (error) {
        characters -= grows;
        throw error;
      }
    },
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
