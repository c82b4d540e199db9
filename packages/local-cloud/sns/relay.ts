// Sends the mails to a mail server when SMTP_URL names one, with retries after a failure and after a restart.

import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { PendingFile } from './outbox.ts';
import type { Redrive } from './redrive.ts';
import { createRetryQueue, type Outcome } from './retry-queue.ts';
import { parseSmtpUrl } from './smtp-url.ts';
import { createUnsent, type Note, type Unsent } from './unsent.ts';

export interface Relay {
  /** The address that mails come from. */
  readonly from: string;
  /** The note that marks a mail as unsent; written together with the mail. */
  pendingFile(mail: string, note: Omit<Note, 'from'>): PendingFile;
  /** Sends the mails with these names, now or, when the server cannot be reached, later. */
  send(mails: readonly string[]): void;
  /** Waits a few seconds for the mail that is being sent; the others are sent after the next start. */
  close(): Promise<void>;
}

export interface RelayOptions {
  /** The data directory. */
  readonly dir: string;
  readonly smtpUrl: string;
  readonly defaultFrom: string;
  readonly redrive: Redrive;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
}

const GIVE_UP_AFTER_MS = 86_400_000;
const CLOSE_WITHIN_MS = 5_000;
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 } as const;

/** Answers that any other mail would get too: the server closes (RFC 5321, 3.8), or requires a login (RFC 4954, 6). */
const OF_THE_SERVER: ReadonlySet<number> = new Set([421, 530, 534, 535]);

/** Whether the server refused this mail permanently, put it off, or could not be reached at all. */
function judge(error: unknown): 'refused' | 'later' | 'away' {
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number };
  const ofThisMail = code === 'EENVELOPE' || code === 'EMESSAGE' || code === 'EACCES'; // EACCES: its file
  if (!ofThisMail || OF_THE_SERVER.has(responseCode)) return 'away';
  return responseCode >= 500 ? 'refused' : 'later';
}

async function openTransport(url: string) {
  const { createTransport } = await import('nodemailer'); // loaded only where mails are sent
  return createTransport({ url, ...TIMEOUTS, disableFileAccess: true, disableUrlAccess: true });
}

/** What an attempt to send works with. */
interface Sending extends RelayOptions {
  readonly server: ReturnType<typeof parseSmtpUrl>;
  readonly unsent: Unsent;
  readonly transport: Awaited<ReturnType<typeof openTransport>>;
}

function measure({ meter }: Sending, metric: string, topic: string | undefined): void {
  if (topic !== undefined) meter('AWS/SNS', metric, { TopicName: topic }, 'Count')(1);
}

/** Gives a mail up. Its file stays in the mail folder, with the reason beside it. */
async function drop(sending: Sending, mail: string, reason: string, note?: Note): Promise<'done'> {
  const { unsent, redrive, clock, log, count } = sending;
  const to = note?.to ?? 'unknown';
  log.error('email not sent, and not tried again', { file: path.join('mail', mail), to, reason });
  count('mails.unsent');
  count('NumberOfNotificationsFailed');
  measure(sending, 'NumberOfNotificationsFailed', note?.topic);
  // First: after a crash in between, the mail is refused once more, and no message is lost.
  await redrive(note?.redrive);
  await unsent.giveUp(mail, { to, reason, at: clock.now() });
  return 'done';
}

async function attempt(sending: Sending, mail: string): Promise<Outcome> {
  const { server, unsent, transport, clock, log, count } = sending;
  let note: Note | undefined;
  try {
    const found = await unsent.read(mail);
    if (!found) return await drop(sending, mail, 'its file is gone');
    note = found.note;
    await transport.sendMail({ envelope: { from: note.from, to: note.to }, raw: found.raw });
  } catch (error) {
    const reason = server.redact(error instanceof Error ? error.message : String(error));
    const verdict = judge(error);
    if (verdict === 'refused') return drop(sending, mail, reason, note);
    if (note && clock.now() - note.at > GIVE_UP_AFTER_MS)
      return drop(sending, mail, `not sent within a day: ${reason}`, note);
    log.warn('email not sent, trying again later', { mail, server: server.host, reason });
    return verdict;
  }
  count('mails.sent');
  measure(sending, 'NumberOfNotificationsDelivered', note.topic);
  await unsent.remove(mail);
  return 'done';
}

/** @throws StartError when SMTP_URL cannot be used */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { dir, clock, log } = options;
  const server = parseSmtpUrl(options.smtpUrl);
  const from = server.from ?? options.defaultFrom;
  const unsent = createUnsent(dir, log);
  const transport = await openTransport(server.url);
  const sending: Sending = { ...options, server, unsent, transport };
  const queue = createRetryQueue(clock, (mail: string) => attempt(sending, mail));
  queue.add(await unsent.all());
  return {
    from,
    pendingFile: (mail, note) => unsent.pendingFile(mail, { from, ...note }),
    send: (mails) => queue.add(mails),
    async close() {
      await queue.close(CLOSE_WITHIN_MS);
      transport.close();
    },
  };
}
