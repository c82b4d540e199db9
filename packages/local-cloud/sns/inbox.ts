// Reads the newest mails and texts that SNS delivered into the data directory.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import PostalMime from 'postal-mime';
import { smsSize } from './sms-parts.ts';

export interface Mail {
  readonly kind: 'mail';
  /** Name of its file. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Sms {
  readonly kind: 'sms';
  readonly id: string;
  readonly at: number;
  readonly to: string;
  readonly text: string;
  /** Characters, as a phone counts them. */
  readonly length: number;
  readonly parts: number;
}

export interface Inbox {
  /** Number of all, of which the newest are listed, newest first. */
  readonly total: number;
  readonly messages: readonly (Mail | Sms)[];
}

const MOST = 100;

async function readMail(id: string, raw: Buffer): Promise<Mail> {
  const { from, to = [], subject = '', text = '', date = '' } = await PostalMime.parse(raw);
  const sender = from?.name ? `${from.name} <${from.address}>` : (from?.address ?? '');
  const receivers = to.map(({ address = '' }) => address).join(', ');
  return {
    kind: 'mail',
    id,
    at: Date.parse(date),
    from: sender,
    to: receivers,
    subject,
    text: text.trimEnd(),
  };
}

/** The file that `composeTextMessage` wrote. */
function readSms(id: string, raw: Buffer): Sms {
  const [head = '', text = ''] = raw.toString('utf8').split(/\n\n(.*)\n/s);
  const headers = new Map(head.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
  const at = Date.parse(headers.get('Date') ?? '');
  return { kind: 'sms', id, at, to: headers.get('To') ?? '', text, ...smsSize(text) };
}

const FOLDERS = [
  { folder: 'mail', isOne: (name: string) => name.endsWith('.eml'), parse: readMail },
  {
    folder: 'sms',
    isOne: (name: string) => name.endsWith('.txt'),
    parse: async (id: string, raw: Buffer) => readSms(id, raw),
  },
] as const;

/** Undefined for a file that was removed since it was listed. */
async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param dir the data directory, whose `mail` and `sms` begin every file's name with its time */
export async function readInbox(dir: string): Promise<Inbox> {
  const listed = await Promise.all(
    FOLDERS.map(async ({ folder, isOne, parse }) =>
      (await readdir(path.join(dir, folder))).filter(isOne).map((name) => ({ folder, name, parse })),
    ),
  );
  const files = listed.flat().sort((a, b) => (a.name < b.name ? 1 : -1));
  const read = await Promise.all(
    files.slice(0, MOST).map(async ({ folder, name, parse }) => {
      const raw = await contentOf(path.join(dir, folder, name));
      return raw ? [await parse(name, raw)] : [];
    }),
  );
  return { total: files.length, messages: read.flat() };
}
