// Sends the mails on to a real mail server when SMTP_URL names one: again after a failure, and after a restart.

import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { PendingFile } from './outbox.ts';
import type { Redrive } from './redrive.ts';
import { createRetryQueue, type Outcome } from './retry-queue.ts';
import { parseSmtpUrl } from './smtp-url.ts';
import { createUnsent, type Note } from './unsent.ts';

export interface Relay {
  /** The address that mails come from. */
  readonly from: string;
  /** The file that makes a mail an unsent one; written together with the mail. */
  pendingFile(mail: string, note: Omit<Note, 'from'>): PendingFile;
  /** Sends the mails of that name, now or, when the server is away, later. */
  send(mails: readonly string[]): void;
  /** Waits a few seconds for the mail under way; the others are sent after the next start. */
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

const GIVE_UP_AFTER = 86_400_000;
const CLOSE_PATIENCE = 5_000;
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 } as const;

/** Answers to a mail that would meet any other: the server closes (RFC 5321, 3.8), or wants a login (RFC 4954, 6). */
const ofTheServer: ReadonlySet<number> = new Set([421, 530, 534, 535]);

/** Whether the server refused this mail permanently, put it off, or could not be reached at all. */
function judge(error: unknown): 'refused' | 'later' | 'away' {
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number };
  const ofThisMail = code === 'EENVELOPE' || code === 'EMESSAGE' || code === 'EACCES'; // EACCES: its file
  if (!ofThisMail || ofTheServer.has(responseCode)) return 'away';
  return responseCode >= 500 ? 'refused' : 'later';
}

/** @throws StartError when SMTP_URL cannot be used */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { dir, redrive, clock, log, count, meter } = options;
  const measure = (metric: string, topic: string | undefined) => {
    if (topic !== undefined) meter('AWS/SNS', metric, { TopicName: topic }, 'Count')(1);
  };
  const server = parseSmtpUrl(options.smtpUrl);
  const from = server.from ?? options.defaultFrom;
  const unsent = createUnsent(dir, log);
  const { createTransport } = await import('nodemailer'); // only those who send mail wait for it
  const transport = createTransport({
    url: server.url,
    ...timeouts,
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  /** Its file stays in the mail folder, with the reason beside it. */
  async function drop(mail: string, reason: string, note?: Note): Promise<'done'> {
    const to = note?.to ?? 'unknown';
    log.error('email not sent, and not tried again', { file: path.join('mail', mail), to, reason });
    count('mails.unsent');
    count('NumberOfNotificationsFailed');
    measure('NumberOfNotificationsFailed', note?.topic);
    // First: a crash in between refuses the mail once more, and loses no message.
    await redrive(note?.redrive);
    await unsent.giveUp(mail, { to, reason, at: clock.now() });
    return 'done';
  }

  async function attempt(mail: string): Promise<Outcome> {
    let note: Note | undefined;
    try {
      const found = await unsent.read(mail);
      if (!found) return await drop(mail, 'its file is gone');
      note = found.note;
      await transport.sendMail({ envelope: { from: note.from, to: note.to }, raw: found.raw });
    } catch (error) {
      const reason = server.redact(error instanceof Error ? error.message : String(error));
      const verdict = judge(error);
      if (verdict === 'refused') return drop(mail, reason, note);
      if (note && clock.now() - note.at > GIVE_UP_AFTER)
        return drop(mail, `not sent within a day: ${reason}`, note);
      log.warn('email not sent, trying again later', { mail, server: server.host, reason });
      return verdict;
    }
    count('mails.sent');
    measure('NumberOfNotificationsDelivered', note.topic);
    await unsent.remove(mail);
    return 'done';
  }

  const queue = createRetryQueue(clock, attempt);
  queue.add(await unsent.all());
  return {
    from,
    pendingFile: (mail, note) => unsent.pendingFile(mail, { from, ...note }),
    send: (mails) => queue.add(mails),
    async close() {
      await queue.close(CLOSE_PATIENCE);
      transport.close();
    },
  };
}
