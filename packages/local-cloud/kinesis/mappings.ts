// Event source mappings: a poller for every shard, checkpoints on disk, children after their parents.

import path from 'node:path';
import type { Clock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import { kinesisFormat, type Origin, type RecordFormat } from './batch-event.ts';
import { createDelivery, type DeliverySettings } from './deliver-batch.ts';
import type { FailureDestinations } from './failure-record.ts';
import type { MappingSpec } from './mapping-spec.ts';
import { createPoller, type Poller } from './poller.ts';
import type { ReadShard, ReadStream } from './streams.ts';

export interface Mappings {
  /** Begins to read every shard from its checkpoint on. */
  start(): void;
  /** Stops reading and writes the checkpoints. */
  close(): Promise<void>;
}

export interface MappingsOptions {
  /** Holds the checkpoints. */
  readonly dir: string;
  readonly mappings: readonly MappingSpec[];
  readonly streams: { stream(streamName: string): ReadStream };
  /** Of the records; those of Kinesis if absent. */
  readonly format?: RecordFormat;
  readonly invoke: DeliverySettings['invoke'];
  readonly destinations: FailureDestinations;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter?: Meter;
}

interface Checkpoint {
  readonly place: number;
}

const KIND = 'checkpoint';
/** Records finished since the last checkpoint are delivered again after a crash, which does no harm. */
const CHECKPOINT_MS = 500;

const roleArnOf = ({ functionArn }: MappingSpec) =>
  `arn:aws:iam::${functionArn.split(':')[4]}:role/${functionArn.split(':')[6]}`;

function originOf(spec: MappingSpec, stream: ReadStream, shard: ReadShard, format: RecordFormat): Origin {
  const { arn: streamArn } = stream.spec;
  return {
    shard: shard.number,
    shardId: shard.id,
    streamArn,
    region: streamArn.split(':')[3]!,
    roleArn: roleArnOf(spec),
    format,
  };
}

interface Reading {
  readonly shard: ReadShard;
  readonly poller: Poller;
  started: boolean;
}

/** One mapping over all shards of its stream. */
function createReadings(
  spec: MappingSpec,
  options: MappingsOptions,
  checkpoints: RecordFile,
  onProgress: () => void,
  isClosed: () => boolean,
): Reading[] {
  const { streams, clock, log, count, destinations, invoke, meter = noMeter } = options;
  const { format = kinesisFormat } = options;
  const stream = streams.stream(spec.streamName);
  const saved = checkpoints.table<Checkpoint>(KIND);
  return stream.shards.map((shard) => {
    const known = saved.get(`${spec.id}/${shard.id}`)?.place;
    // LATEST applies once, when the mapping is new; shards that are added later are read from their start.
    const isNew = saved.size === 0 && spec.from === 'LATEST';
    const origin = originOf(spec, stream, shard, format);
    const deliver = createDelivery({
      ...{ spec, origin, invoke, destinations, clock, log, count, meter, isClosed },
    });
    const startAfter = known ?? (isNew ? shard.log.newest() : shard.log.oldest() - 1);
    const poller = createPoller({
      ...{ spec, shard: shard.log, startAfter, deliver, onProgress, clock, log, shown: format.shown },
      onFiltered: (records) => count(`${format.counter}.filtered`, records),
    });
    return { shard, poller, started: false };
  });
}

/** Up to where the shard of that number is finished; everywhere if it is not read. */
const checkpointOf = (readings: readonly Reading[], number: number): number =>
  readings.find(({ shard }) => shard.number === number)?.poller.checkpoint() ?? Infinity;

type AllReadings = ReadonlyMap<MappingSpec, readonly Reading[]>;

const isRead = ({ shard, poller }: Reading) => shard.closed && poller.checkpoint() >= shard.log.newest();

/** Starts the shards whose parents are read: a child's records come after those that its parents had of the same keys. */
function startReady(all: AllReadings): void {
  for (const readings of all.values()) {
    const read = new Set(readings.filter(isRead).map(({ shard }) => shard.number));
    const known = new Set(readings.map(({ shard }) => shard.number));
    for (const reading of readings) {
      if (reading.started) continue;
      if (reading.shard.parents.some((parent) => known.has(parent) && !read.has(parent))) continue;
      reading.started = true;
      reading.poller.start();
    }
  }
}

/** Writes the checkpoints that have changed since they were last written. */
async function saveCheckpoints(checkpoints: RecordFile, all: AllReadings): Promise<void> {
  const changes = [...all].flatMap(([spec, readings]) =>
    readings.map(({ shard, poller }) => ({
      kind: KIND,
      key: `${spec.id}/${shard.id}`,
      value: { place: poller.checkpoint() },
    })),
  );
  const saved = checkpoints.table<Checkpoint>(KIND);
  const changed = changes.filter(({ key, value }) => saved.get(key)?.place !== value.place);
  if (changed.length > 0) await checkpoints.commit(changed);
}

export async function openMappings(options: MappingsOptions): Promise<Mappings> {
  const { dir, mappings, streams, clock, log } = options;
  await makeDirectory(dir);
  const checkpoints = await openRecordFile(path.join(dir, 'checkpoints.log'), log);
  let cancel: (() => void) | undefined;
  let closed = false;
  const all = new Map<MappingSpec, Reading[]>();

  function onProgress(): void {
    if (closed) return;
    startReady(all);
    cancel ??= clock.after(CHECKPOINT_MS, () => {
      cancel = undefined;
      saveCheckpoints(checkpoints, all).catch((error: unknown) => {
        log.warn('stream checkpoints cannot be written: finished records may be delivered again', {
          reason: String(error),
        });
      });
    });
  }

  for (const spec of mappings) {
    if (!spec.enabled) continue;
    const readings = createReadings(spec, options, checkpoints, onProgress, () => closed);
    all.set(spec, readings);
    streams.stream(spec.streamName).keepFor((number) => checkpointOf(readings, number));
  }

  return {
    start: () => startReady(all),
    async close() {
      closed = true;
      cancel?.();
      for (const { poller } of [...all.values()].flat()) poller.close();
      try {
        await saveCheckpoints(checkpoints, all);
      } finally {
        await checkpoints.close();
      }
    },
  };
}
