// Keeps a note on disk for each mail that is not sent yet, so that a restart sends it.

import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import type { PendingFile } from './outbox.ts';
import type { Redriven } from './redrive.ts';

/** Below the data directory; a note is named like its mail. */
export const unsentFolder = path.join('sns', 'unsent');

export interface Note {
  readonly from: string;
  readonly to: string;
  /** Epoch milliseconds of the publish. */
  readonly at: number;
  /** The dead-letter queue, and what it gets if the mail is given up. */
  readonly redrive?: Redriven;
  /** The name of its topic. */
  readonly topic?: string;
}

export interface Failure {
  readonly to: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Unsent {
  /** Names of the mails that an earlier run left, oldest first. */
  all(): Promise<string[]>;
  /** The note as a file, to be written together with the mail. */
  pendingFile(mail: string, note: Note): PendingFile;
  /** The mail and whom it goes to; undefined when either file is gone or damaged. */
  read(mail: string): Promise<{ readonly note: Note; readonly raw: Buffer } | undefined>;
  /** Removes the note: the mail was sent. */
  remove(mail: string): Promise<void>;
  /** Writes beside the mail why it was given up, and removes the note. */
  giveUp(mail: string, failure: Failure): Promise<void>;
}

const SUFFIX = '.json';
/** Servers answer in several lines. */
const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');

function parseNote(text: string): Note | undefined {
  try {
    const { from, to, at, redrive, topic } = JSON.parse(text) as Partial<Record<keyof Note, unknown>>;
    if (typeof from !== 'string' || typeof to !== 'string' || typeof at !== 'number') return undefined;
    const { queueArn, body } = (redrive ?? {}) as Partial<Record<keyof Redriven, unknown>>;
    const note = { from, to, at, ...(typeof topic === 'string' && { topic }) };
    if (typeof queueArn !== 'string' || typeof body !== 'string') return note;
    return { ...note, redrive: { queueArn, body } };
  } catch {
    return undefined;
  }
}

async function removeNote(file: string, log: Log): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    const reason = String(error);
    log.error('email will be sent again after a restart: its note cannot be removed', { file, reason });
  }
}

/** Writes `<mail>.failed.txt`, in which a person finds why the mail was not sent. */
async function writeFailure(dir: string, mail: string, { to, reason, at }: Failure, log: Log): Promise<void> {
  const file = path.join('mail', `${mail}.failed.txt`);
  const lines = [`To: ${to}`, `Given up: ${new Date(at).toISOString()}`, `Reason: ${oneLine(reason)}`];
  try {
    await replaceFile(path.join(dir, file), `${lines.join('\n')}\n`);
  } catch (error) {
    log.error('the reason why an email was not sent cannot be written', { file, reason: String(error) });
  }
}

/** @param dir the data directory */
export function createUnsent(dir: string, log: Log): Unsent {
  const folder = path.join(dir, unsentFolder);
  const fileOf = (mail: string) => path.join(folder, mail + SUFFIX);
  return {
    async all() {
      const names = (await readdir(folder)).filter((name) => name.endsWith(`.eml${SUFFIX}`));
      return names.sort().map((name) => name.slice(0, -SUFFIX.length));
    },
    pendingFile: (mail, note) => ({
      path: path.join(unsentFolder, mail + SUFFIX),
      content: JSON.stringify(note),
    }),
    async read(mail) {
      try {
        const note = parseNote(await readFile(fileOf(mail), 'utf8'));
        return note && { note, raw: await readFile(path.join(dir, 'mail', mail)) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    remove: (mail) => removeNote(fileOf(mail), log),
    async giveUp(mail, failure) {
      await writeFailure(dir, mail, failure, log);
      await removeNote(fileOf(mail), log);
    },
  };
}
