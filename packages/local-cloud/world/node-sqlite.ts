// Replaces `node:sqlite` in a world: a file of the world is a database in memory, which a killed process leaves at its last commit.

import { DatabaseSync as RealDatabase, type DatabaseSyncOptions } from 'node:sqlite';
import { isMounted } from './mount.ts';

export * from 'node:sqlite';

const kept = new Map<string, RealDatabase>();

export class DatabaseSync extends RealDatabase {
  readonly #isKept: boolean = false;

  constructor(file: string, options: DatabaseSyncOptions = {}) {
    const isOfWorld = isMounted(file);
    super(isOfWorld ? ':memory:' : file, options);
    this.#isKept = isOfWorld;
    if (!isOfWorld) return;
    const known = kept.get(file);
    if (known) {
      super.close();
      // oxlint-disable-next-line no-constructor-return typescript/consistent-return -- the file is the same one
      return known as DatabaseSync;
    }
    kept.set(file, this);
  }

  override close(): void {
    if (!this.#isKept) super.close();
  }
}

/** What was not committed is gone. */
export function cutDatabases(): void {
  for (const database of kept.values()) if (database.isTransaction) database.exec('ROLLBACK');
}

/** A new machine has none. */
export const forgetDatabases = (): void => kept.clear();
