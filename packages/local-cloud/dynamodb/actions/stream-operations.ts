// The stream operations of the main thread: read records, and delete old ones. No client can call them.

import { deleteItem } from './delete-item.ts';
import type { Answer, Context } from './context.ts';

interface ReadRequest {
  readonly TableName: string;
  readonly After: number;
  readonly Limit: number;
}

interface TrimRequest {
  readonly TableName: string;
  /** Epoch milliseconds. */
  readonly Before: number;
  /** Readers need no record up to this place any more. */
  readonly Place: number;
}

export function readStream({ tables }: Context, { TableName: name, After, Limit }: ReadRequest): Answer {
  return { Records: tables.streams.read(name, After, Limit), ...tables.streams.bounds(name) };
}

export function trimStream({ tables }: Context, { TableName: name, Before, Place }: TrimRequest): Answer {
  tables.streams.trim(name, Before, Place);
  return {};
}

/** DeleteItem, called by time to live. */
export const expireItem: typeof deleteItem = (context, request) =>
  context.tables.streams.asTimeToLive(() => deleteItem(context, request));
