// The journal's format on disk: length and checksum come before every record, so that a torn tail is detected.

import { crc32 } from 'node:zlib';

const HEADER_BYTES = 8;
const ENTRY_BYTES = 11;
const ACKNOWLEDGEMENT_BYTES = 8;
const KINDS = { entry: 1, acknowledgements: 2 } as const;

/** One consumer has acknowledged one entry: the entry's number and the consumer's place in its `consumers`. */
export interface Acknowledgement {
  readonly seq: number;
  readonly index: number;
}

export interface EntryRecord {
  readonly seq: number;
  /** Null where the consumer acknowledged the entry before the record was written. */
  readonly consumers: (string | null)[];
  readonly meta: unknown;
  readonly payload: Buffer;
}

export type ScannedRecord =
  | { readonly kind: 'entry'; readonly entry: EntryRecord; readonly offset: number; readonly length: number }
  | {
      readonly kind: 'acknowledgements';
      readonly acknowledgements: Acknowledgement[];
      readonly offset: number;
      readonly length: number;
    };

/** The record as two buffers, the second being the payload itself, uncopied. */
export function encodeEntry(entry: EntryRecord): [Buffer, Buffer] {
  const json = JSON.stringify([entry.consumers, entry.meta]);
  const jsonLength = Buffer.byteLength(json);
  const head = Buffer.allocUnsafe(HEADER_BYTES + ENTRY_BYTES + jsonLength);
  head.writeUInt8(KINDS.entry, 8);
  head.writeUIntBE(entry.seq, 9, 6);
  head.writeUInt32BE(jsonLength, 15);
  head.write(json, HEADER_BYTES + ENTRY_BYTES);
  const bodyLength = ENTRY_BYTES + jsonLength + entry.payload.length;
  head.writeUInt32BE(bodyLength, 0);
  head.writeUInt32BE(crc32(entry.payload, crc32(head.subarray(HEADER_BYTES))), 4);
  return [head, entry.payload];
}

export function encodeAcknowledgements(acknowledgements: readonly Acknowledgement[]): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + 1 + acknowledgements.length * ACKNOWLEDGEMENT_BYTES);
  record.writeUInt8(KINDS.acknowledgements, HEADER_BYTES);
  let at = HEADER_BYTES + 1;
  for (const { seq, index } of acknowledgements) {
    record.writeUIntBE(seq, at, 6);
    record.writeUInt16BE(index, at + 6);
    at += ACKNOWLEDGEMENT_BYTES;
  }
  record.writeUInt32BE(record.length - HEADER_BYTES, 0);
  record.writeUInt32BE(crc32(record.subarray(HEADER_BYTES)), 4);
  return record;
}

function bodyAt(data: Buffer, offset: number): Buffer | undefined {
  if (data.length - offset < HEADER_BYTES) return undefined;
  const length = data.readUInt32BE(offset);
  const start = offset + HEADER_BYTES;
  // A length of zero is what a file system leaves in blocks that it never filled.
  if (length === 0 || length > data.length - start) return undefined;
  const body = data.subarray(start, start + length);
  return crc32(body) === data.readUInt32BE(offset + 4) ? body : undefined;
}

function decodeEntry(body: Buffer): EntryRecord {
  const payloadStart = ENTRY_BYTES + body.readUInt32BE(7);
  const [consumers, meta] = JSON.parse(body.toString('utf8', ENTRY_BYTES, payloadStart)) as [
    string[],
    unknown,
  ];
  return { seq: body.readUIntBE(1, 6), consumers, meta, payload: body.subarray(payloadStart) };
}

function decodeAcknowledgements(body: Buffer): Acknowledgement[] {
  const acknowledgements: Acknowledgement[] = [];
  for (let at = 1; at < body.length; at += ACKNOWLEDGEMENT_BYTES) {
    acknowledgements.push({ seq: body.readUIntBE(at, 6), index: body.readUInt16BE(at + 6) });
  }
  return acknowledgements;
}

/** The record at `offset`, or undefined when there is none, or a torn or damaged one. */
export function decodeRecord(data: Buffer, offset: number): ScannedRecord | undefined {
  const body = bodyAt(data, offset);
  if (!body) return undefined;
  const length = HEADER_BYTES + body.length;
  return body.readUInt8(0) === KINDS.entry
    ? { kind: 'entry', entry: decodeEntry(body), offset, length }
    : { kind: 'acknowledgements', acknowledgements: decodeAcknowledgements(body), offset, length };
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
