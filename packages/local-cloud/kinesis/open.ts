// Opens the template's data streams and the mappings that deliver their records to functions.

import path from 'node:path';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createKinesisHandler } from './api.ts';
import type { DeliverySettings } from './deliver-batch.ts';
import type { FailureDestinations } from './failure-record.ts';
import { mappingsFromTemplate } from './mapping-spec.ts';
import { openMappings, type Mappings } from './mappings.ts';
import { dataStreamsFromTemplate } from './stream-spec.ts';
import { openDataStreams, type DataStreams } from './streams.ts';

export interface Kinesis {
  readonly streams: DataStreams;
  /** Call `start` once messages may come, `close` before the functions end. */
  readonly mappings: Mappings;
  /** The Kinesis API for the AWS port. */
  readonly handler: AwsHandler;
}

export async function openKinesis(options: {
  /** `<data-dir>/kinesis`: records, and how far the functions have taken them. */
  readonly dir: string;
  readonly template: ResolvedTemplate;
  readonly invoke: DeliverySettings['invoke'];
  readonly destinations: FailureDestinations;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
}): Promise<Kinesis> {
  const { dir, template, clock } = options;
  const streams = await openDataStreams({
    ...options,
    dir: path.join(dir, 'streams'),
    streams: dataStreamsFromTemplate(template),
  });
  const mappings = await openMappings({ ...options, streams, mappings: mappingsFromTemplate(template) });
  return { streams, mappings, handler: createKinesisHandler({ streams, clock }) };
}
