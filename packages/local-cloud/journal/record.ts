// How the journal lies on disk: length and checksum before every record, so that a torn tail shows itself.

import { crc32 } from 'node:zlib';

const headerBytes = 8;
const entryBytes = 11;
const settleBytes = 8;
const kinds = { entry: 1, settles: 2 } as const;

/** One consumer of one entry that is paid: the entry's number and the consumer's place in its `owes`. */
export interface Settle {
  readonly seq: number;
  readonly index: number;
}

export interface EntryRecord {
  readonly seq: number;
  /** Null where the consumer was paid before the record was written. */
  readonly owes: (string | null)[];
  readonly meta: unknown;
  readonly payload: Buffer;
}

export type ScannedRecord =
  | { readonly kind: 'entry'; readonly entry: EntryRecord; readonly offset: number; readonly length: number }
  | {
      readonly kind: 'settles';
      readonly settles: Settle[];
      readonly offset: number;
      readonly length: number;
    };

/** The record as two buffers, the second being the payload itself, uncopied. */
export function encodeEntry(entry: EntryRecord): [Buffer, Buffer] {
  const json = JSON.stringify([entry.owes, entry.meta]);
  const jsonLength = Buffer.byteLength(json);
  const head = Buffer.allocUnsafe(headerBytes + entryBytes + jsonLength);
  head.writeUInt8(kinds.entry, 8);
  head.writeUIntBE(entry.seq, 9, 6);
  head.writeUInt32BE(jsonLength, 15);
  head.write(json, headerBytes + entryBytes);
  const bodyLength = entryBytes + jsonLength + entry.payload.length;
  head.writeUInt32BE(bodyLength, 0);
  head.writeUInt32BE(crc32(entry.payload, crc32(head.subarray(headerBytes))), 4);
  return [head, entry.payload];
}

export function encodeSettles(settles: readonly Settle[]): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + 1 + settles.length * settleBytes);
  record.writeUInt8(kinds.settles, headerBytes);
  let at = headerBytes + 1;
  for (const { seq, index } of settles) {
    record.writeUIntBE(seq, at, 6);
    record.writeUInt16BE(index, at + 6);
    at += settleBytes;
  }
  record.writeUInt32BE(record.length - headerBytes, 0);
  record.writeUInt32BE(crc32(record.subarray(headerBytes)), 4);
  return record;
}

function bodyAt(data: Buffer, offset: number): Buffer | undefined {
  if (data.length - offset < headerBytes) return undefined;
  const length = data.readUInt32BE(offset);
  const start = offset + headerBytes;
  // A length of zero is what a file system leaves in blocks that it never filled.
  if (length === 0 || length > data.length - start) return undefined;
  const body = data.subarray(start, start + length);
  return crc32(body) === data.readUInt32BE(offset + 4) ? body : undefined;
}

function decodeEntry(body: Buffer): EntryRecord {
  const payloadStart = entryBytes + body.readUInt32BE(7);
  const [owes, meta] = JSON.parse(body.toString('utf8', entryBytes, payloadStart)) as [string[], unknown];
  return { seq: body.readUIntBE(1, 6), owes, meta, payload: body.subarray(payloadStart) };
}

function decodeSettles(body: Buffer): Settle[] {
  const settles: Settle[] = [];
  for (let at = 1; at < body.length; at += settleBytes) {
    settles.push({ seq: body.readUIntBE(at, 6), index: body.readUInt16BE(at + 6) });
  }
  return settles;
}

/** The record at `offset`, or undefined when what stands there is torn, damaged or nothing. */
export function decodeRecord(data: Buffer, offset: number): ScannedRecord | undefined {
  const body = bodyAt(data, offset);
  if (!body) return undefined;
  const length = headerBytes + body.length;
  return body.readUInt8(0) === kinds.entry
    ? { kind: 'entry', entry: decodeEntry(body), offset, length }
    : { kind: 'settles', settles: decodeSettles(body), offset, length };
}

/** Yields the whole records from the start of `data`; ends at its end or at the first that is not whole. */
export function* scanRecords(data: Buffer): Generator<ScannedRecord> {
  for (let offset = 0; ;) {
    const record = decodeRecord(data, offset);
    if (!record) return;
    yield record;
    offset += record.length;
  }
}
