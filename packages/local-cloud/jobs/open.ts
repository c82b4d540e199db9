// Opens AWS IoT Jobs: the store, the changes of jobs, and the access of devices over MQTT and HTTP.

import { randomUUID } from 'node:crypto';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Registry } from '../iot/registry.ts';
import type { Log } from '../log.ts';
import type { Hub } from '../mqtt/hub.ts';
import { createJobsHandler } from './device-api.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createJobTopics } from './mqtt.ts';
import { createNotices } from './notices.ts';
import { openJobStore, type JobStore } from './store.ts';

export interface OpenJobs {
  readonly jobs: Jobs;
  readonly store: JobStore;
  /** Serves requests that are signed for `JOBS_SIGNING_NAME`. */
  readonly handler: AwsHandler;
  close(): Promise<void>;
}

/** Opens the jobs in `dir`; call before `hub.recover`, which may have requests for them. */
export async function openJobs(options: {
  readonly dir: string;
  readonly registry: Registry;
  readonly hub: Pick<Hub, 'publish' | 'answer' | 'serve'>;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<OpenJobs> {
  const { dir, registry, hub, clock, log } = options;
  const store = await openJobStore(dir, registry, log);
  const publish = (message: Parameters<Hub['publish']>[0]) => hub.publish(message);
  const notices = { publish, clock, log, newId: randomUUID };
  const jobs = createJobs({ store, registry, clock, watch: createNotices({ ...notices, store }) });
  hub.serve(
    createJobTopics({ jobs, store, notices, answer: (clientId, message) => hub.answer(clientId, message) }),
  );
  const reconcile = async () => {
    try {
      await (
        await jobs.reconcile()
      )();
    } catch (error) {
      log.error('jobs could not follow a change of things or groups', { reason: String(error) });
    }
  };
  let isClosed = false;
  registry.onChange(() => {
    if (!isClosed) void reconcile();
  });
  await reconcile();
  return {
    jobs,
    store,
    handler: createJobsHandler(jobs, store),
    async close() {
      isClosed = true;
      await store.close();
    },
  };
}
