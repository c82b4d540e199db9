// The ports of the HTTP API's routes, as types: those of ingest, and the archive, the errors bucket and the topic.

import type { LearnedItems, LearnedStore } from './insight-ports.ts';
import type { AlertPorts, DeviceStore, MappingStore, WindowHistory, WindowStore } from './ports.ts';
import type { DeviceRows } from './archive-ports.ts';
import type { ListRecipients } from './recipient-ports.ts';
import type { ArchiveChecks, PresenceLog } from './device-ports.ts';
import type { SealedDays } from './seal-ports.ts';
import type { FleetSnapshots } from './rollup-ports.ts';

export interface LastMessages {
  /**
   * Messages as they are in the archive, newest first, as many as can be read in a few seconds. With `before` (epoch
   * milliseconds), only of the hours up to the one after it. Rejects with the SDK's error.
   */
  newestFirst(before?: number): AsyncIterable<ArchivedMessage>;
}

/** A line of the archive, and the key of its object. */
export interface ArchivedMessage {
  readonly event: unknown;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

/** An object of the errors bucket. */
export interface StoredFailure {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

/** All verbs reject with the SDK's error. */
export interface ErrorBucket {
  /** The prefix of a device's rejected readings. */
  folderOf(deviceId: string): string;
  /** Sorted by key, some thousands at most. */
  list(prefix: string): Promise<{ readonly objects: readonly StoredFailure[]; readonly isWhole: boolean }>;
  /** Undefined if the object does not exist. */
  read(key: string): Promise<string | undefined>;
}

/**
 * Sends a message to the ingest function again. Gives the reason when it fails, otherwise undefined. Rejects with the SDK's
 * error.
 */
export type IngestAgain = (event: unknown) => Promise<string | undefined>;

/** What the routes of the HTTP API need. */
export interface ApiPorts extends Pick<AlertPorts, 'alerts' | 'history' | 'rules' | 'now'> {
  readonly devices: DeviceStore;
  readonly windows: WindowHistory;
  readonly archive: DeviceRows;
  readonly fleet: Pick<FleetSnapshots, 'load'>;
  readonly mappings: MappingStore;
  readonly lastMessages: LastMessages;
  readonly presence: Pick<PresenceLog, 'read'>;
  readonly checks: Pick<ArchiveChecks, 'newestFirst'>;
  readonly seals: SealedDays;
  readonly errors: ErrorBucket;
  readonly ingestAgain: IngestAgain;
  readonly listRecipients: ListRecipients;
  readonly windowsBefore: WindowStore['before'];
  readonly learnedStore: LearnedStore;
  readonly learnedItems: LearnedItems;
}
