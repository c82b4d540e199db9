// What the routes of the HTTP API need of the world, as types: beside what ingest needs, the archive, the errors bucket and the topic.

import type { LearnedStore } from './insight-ports.ts';
import type { AlertPorts, DeviceStore, MappingStore, WindowHistory, WindowStore } from './ports.ts';
import type { ListRecipients } from './recipient-ports.ts';
import type { ArchiveChecks, PresenceLog } from './device-ports.ts';
import type { FleetSnapshots } from './rollup-ports.ts';

export interface LastMessages {
  /**
   * Messages as the archive has them, newest first, of which it takes seconds at most to read: of the hours up to the one after
   * `before` (epoch milliseconds), of all without it. Rejects with the SDK's error.
   */
  newestFirst(before?: number): AsyncIterable<ArchivedMessage>;
}

/** A line of the archive, and the object that has it. */
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
  /** Where what was rejected of a device is kept. */
  folderOf(deviceId: string): string;
  /** In the order of their keys, some thousands at most. */
  list(prefix: string): Promise<{ readonly objects: readonly StoredFailure[]; readonly isWhole: boolean }>;
  /** Undefined where there is none. */
  read(key: string): Promise<string | undefined>;
}

/** Gives a message to the ingest function once more: why it failed, or undefined. Rejects with the SDK's error. */
export type IngestAgain = (event: unknown) => Promise<string | undefined>;

/** What the routes of the HTTP API need. */
export interface ApiPorts extends Pick<AlertPorts, 'alerts' | 'history' | 'rules' | 'now'> {
  readonly devices: DeviceStore;
  readonly windows: WindowHistory;
  readonly fleet: Pick<FleetSnapshots, 'load'>;
  readonly mappings: MappingStore;
  readonly lastMessages: LastMessages;
  readonly presence: Pick<PresenceLog, 'read'>;
  readonly checks: Pick<ArchiveChecks, 'newestFirst'>;
  readonly errors: ErrorBucket;
  readonly ingestAgain: IngestAgain;
  readonly listRecipients: ListRecipients;
  readonly windowsBefore: WindowStore['before'];
  readonly learnedStore: LearnedStore;
}
