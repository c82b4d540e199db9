// Notifies functions, queues and topics of changes of objects, before the change is acknowledged.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { NotificationSpec, TargetKind } from './notification-spec.ts';

/** What happened to an object. */
export interface ObjectEvent {
  /** Such as `ObjectCreated:Put`. */
  readonly name: string;
  readonly bucket: string;
  readonly key: string;
  /** Of the object that was written. */
  readonly size?: number;
  readonly etag?: string;
  readonly versionId?: string;
}

export interface NotifierOptions {
  readonly notifications: readonly NotificationSpec[];
  /** Each resolves once the event is on disk. */
  readonly targets: Readonly<Record<TargetKind, (arn: string, text: string) => Promise<unknown>>>;
  readonly region: string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log: Log;
  /** Gets s3.notifications and s3.notificationsFailed. */
  readonly count: (name: string) => void;
}

const fits = (event: string, name: string) =>
  event === name || (event.endsWith(':*') && name.startsWith(event.slice(0, -1)));

/** As S3 writes keys into events: percent-encoded, with + for a space, and slashes as they are. */
const encodedKey = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');

/** @returns sequencers in hexadecimal: of two events of one key, the later has the greater one. @param now epoch milliseconds */
function createSequencer(): (now: number) => string {
  let last = 0n;
  return (now) => {
    const fromTime = BigInt(now) * 1_048_576n;
    last = fromTime > last ? fromTime : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, '0');
  };
}

interface Occurrence {
  readonly region: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly requestId: string;
  readonly sequencer: string;
}

function recordOf(configurationId: string, event: ObjectEvent, occurrence: Occurrence): object {
  const { name, bucket, key, size, etag, versionId } = event;
  const { region, now, requestId, sequencer } = occurrence;
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(now).toISOString(),
    eventName: name,
    userIdentity: { principalId: 'local' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: { name: bucket, ownerIdentity: { principalId: 'local' }, arn: `arn:aws:s3:::${bucket}` },
      object: { key: encodedKey(key), size, eTag: etag, versionId, sequencer },
    },
  };
}

const isWanted = (
  { bucket, event, prefix, suffix }: NotificationSpec,
  { name, ...of }: ObjectEvent,
): boolean =>
  bucket === of.bucket && fits(event, name) && of.key.startsWith(prefix) && of.key.endsWith(suffix);

/** Resolves when every notification is on disk, or counted as failed. */
export function createNotifier(options: NotifierOptions): (event: ObjectEvent) => Promise<void> {
  const { notifications, targets, region, clock, newId, log, count } = options;
  const sequencerOf = createSequencer();

  async function send({ id, target: { kind, arn } }: NotificationSpec, event: ObjectEvent): Promise<void> {
    try {
      const now = clock.now();
      const occurrence = { region, now, requestId: newId(), sequencer: sequencerOf(now) };
      await targets[kind](arn, JSON.stringify({ Records: [recordOf(id, event, occurrence)] }));
      count('s3.notifications');
    } catch (error) {
      count('s3.notificationsFailed');
      log.error('a notification of a bucket is lost', {
        bucket: event.bucket,
        key: event.key,
        event: event.name,
        target: arn,
        reason: String(error),
      });
    }
  }

  return async (event) => {
    for (const spec of notifications) if (isWanted(spec, event)) await send(spec, event);
  };
}
