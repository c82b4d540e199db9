// Publishes to devices what is pending for them: on `notify` when the list changes, on `notify-next` when its first entry does.
// https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { OWN_PRINCIPAL, type InboundMessage } from '../mqtt/message.ts';
import { deviceExecution, pendingLists } from './answers.ts';
import type { Execution } from './job-records.ts';
import type { JobStore } from './store.ts';

/** A list has only the first entries of the queue. */
const MOST_LISTED = 15;

export interface NoticeDeps {
  readonly store: Pick<JobStore, 'pending' | 'jobs'>;
  readonly publish: (message: InboundMessage) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** A UUID. */
  readonly newId: () => string;
}

/** A message of the service itself. */
export function ownMessage(
  topic: string,
  content: object,
  { clock, newId }: Pick<NoticeDeps, 'clock' | 'newId'>,
): InboundMessage {
  return {
    ...{ topic, payload: Buffer.from(JSON.stringify(content)), qos: 1, retain: false },
    ...{ clientId: 'n/a', principal: OWN_PRINCIPAL, sourceIp: 'n/a' },
    ...{ receivedAt: clock.now(), traceId: newId() },
  };
}

const idsOf = (pending: readonly Execution[]) => pending.map(({ jobId }) => jobId);
const sorted = (pending: readonly Execution[]) => idsOf(pending).sort().join(' ');

/** Notes what is pending for these things. @returns a function that compares, and publishes what changed */
export function createNotices(deps: NoticeDeps) {
  const { store, publish, clock, log } = deps;
  const send = (thingName: string, kind: string, content: object) => {
    const topic = `$aws/things/${thingName}/jobs/${kind}`;
    return publish(ownMessage(topic, content, deps)).catch((error: unknown) => {
      log.error('job notification lost: the disk refused it', { topic, reason: String(error) });
    });
  };
  const announce = async (thingName: string, before: readonly Execution[]) => {
    const pending = store.pending(thingName);
    const timestamp = Math.floor(clock.now() / 1000);
    if (sorted(before) !== sorted(pending)) {
      const { inProgressJobs, queuedJobs } = pendingLists(pending.slice(0, MOST_LISTED));
      const jobs = {
        ...(inProgressJobs.length > 0 && { IN_PROGRESS: inProgressJobs }),
        ...(queuedJobs.length > 0 && { QUEUED: queuedJobs }),
      };
      await send(thingName, 'notify', { timestamp, jobs });
    }
    const [first] = pending;
    if (before[0]?.jobId === first?.jobId) return;
    const execution =
      first && deviceExecution(first, JSON.parse(store.jobs.get(first.jobId)!.document) as unknown);
    await send(thingName, 'notify-next', { timestamp, execution });
  };
  return (thingNames: Iterable<string>) => {
    const before = [...new Set(thingNames)].map((name) => [name, store.pending(name)] as const);
    return async (): Promise<void> => {
      for (const [name, pending] of before) await announce(name, pending);
    };
  };
}
