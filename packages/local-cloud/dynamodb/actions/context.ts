// The context that every operation of DynamoDB gets with its request.

import type { Tables } from '../store/tables.ts';

export interface Context {
  readonly tables: Tables;
  readonly region: string;
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  now(): number;
  newId(): string;
}

export type Answer = Readonly<Record<string, unknown>>;
