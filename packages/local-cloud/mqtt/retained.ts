// The last retained message of each topic, on disk and, within a bound, in memory.

import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory, replaceFile } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import type { InboundMessage } from './message.ts';

export interface Retained {
  /** Of one topic; there is no look-up by wildcard, as IoT Core sends none for a wildcard subscription. */
  get(topic: string): InboundMessage | undefined;
  hasRoom(message: InboundMessage): boolean;
  /** Keeps the message, or forgets the topic's when the payload is empty. Resolves when that is on disk. */
  set(message: InboundMessage): Promise<void>;
  all(): InboundMessage[];
}

interface StoredMessage extends Omit<InboundMessage, 'payload'> {
  readonly payload: string;
}

interface Slot {
  message?: InboundMessage;
  /** The write that is running or done; the next begins after it. */
  written: Promise<void>;
}

/** A file name that stays inside `dir`, whatever the topic contains. */
function fileOf(dir: string, topic: string): string {
  return join(dir, `${createHash('sha256').update(topic).digest('hex')}.json`);
}

async function read(dir: string, name: string, log: Log): Promise<InboundMessage | undefined> {
  try {
    const { payload, ...rest } = JSON.parse(await readFile(join(dir, name), 'utf8')) as StoredMessage;
    return { ...rest, payload: Buffer.from(payload, 'base64') };
  } catch (error) {
    log.error('retained message left out: its file cannot be read', { file: name, reason: String(error) });
    return undefined;
  }
}

/** Writes the topic's message on disk, or removes its file where there is none. */
async function write(dir: string, topic: string, message: InboundMessage | undefined): Promise<void> {
  const file = fileOf(dir, topic);
  if (message) {
    await replaceFile(file, JSON.stringify({ ...message, payload: message.payload.toString('base64') }));
    return;
  }
  await rm(file, { force: true });
  await syncDirectory(dir);
}

/** The messages in memory, with the bytes of their payloads. */
function createSlots(limits: { messages: number; bytes: number }) {
  const slots = new Map<string, Slot>();
  let bytes = 0;
  return {
    slots,
    place: (topic: string, message: InboundMessage | undefined): Slot => {
      const slot = slots.get(topic) ?? { written: Promise.resolve() };
      bytes += (message?.payload.length ?? 0) - (slot.message?.payload.length ?? 0);
      slot.message = message;
      slots.set(topic, slot);
      return slot;
    },
    hasRoom: ({ topic, payload }: InboundMessage): boolean => {
      if (payload.length === 0) return true;
      const earlier = slots.get(topic)?.message;
      if (!earlier && slots.size >= limits.messages) return false;
      return bytes + payload.length - (earlier?.payload.length ?? 0) <= limits.bytes;
    },
  };
}

/** Opens the store in `dir`; at most `messages` topics and `bytes` of payload are kept. */
export async function openRetained(options: {
  dir: string;
  log: Log;
  messages: number;
  bytes: number;
}): Promise<Retained> {
  const { dir, log } = options;
  await makeDirectory(dir);
  const { slots, place, hasRoom } = createSlots(options);

  for (const name of await readdir(dir)) {
    const message = name.endsWith('.json') ? await read(dir, name, log) : undefined;
    if (message) place(message.topic, message);
  }

  const writeNewest = async (topic: string, slot: Slot, message: InboundMessage | undefined) => {
    if (slot.message !== message) return; // a newer one is about to be written
    await write(dir, topic, message);
    if (!message && slot.message === undefined) slots.delete(topic);
  };

  return {
    hasRoom,
    get: (topic) => slots.get(topic)?.message,
    set(message) {
      const kept = message.payload.length > 0 ? message : undefined;
      const slot = place(message.topic, kept);
      const done = slot.written.then(() => writeNewest(message.topic, slot, kept));
      slot.written = done.catch(() => {}); // the caller gets the error; the next write must go on
      return done;
    },
    all: () => [...slots.values()].flatMap(({ message }) => message ?? []),
  };
}
