// The functions of a stack, with their folders below its data directory.
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Counters } from '../counters.ts';
import type { Log } from '../log.ts';
import { destinationsOf, type Stores } from '../stores.ts';
import { functionsOf } from '../template/functions.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createLambda, type LambdaService } from './service.ts';

/** @param options.endpoint the address of the AWS port, which is asked for once a function starts. */
export function openLambda(options: {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly stores: Stores;
  readonly endpoint: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
}): LambdaService {
  const { dataDir, template, stores, endpoint, clock, log, counters } = options;
  return createLambda({
    functions: functionsOf(template),
    buildDir: path.join(dataDir, 'build'),
    logDir: path.join(dataDir, 'logs'),
    spoolDir: path.join(dataDir, 'spool'),
    // S3 by an address of its own: only with an IP address does the SDK put the bucket into the path.
    baseEnvironment: () => ({ AWS_ENDPOINT_URL: endpoint(), AWS_ENDPOINT_URL_S3: endpoint() }),
    destinations: destinationsOf(stores),
    clock,
    log,
    count: counters.count,
    onMetric(_namespace, name, value, dimensions) {
      // Further dimensions split up what is counted without them as well.
      if (Object.keys(dimensions).every((each) => each === 'service')) counters.count(name, value);
    },
  });
}
