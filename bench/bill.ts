// A fleet's monthly bill: quantities times prices, line by line, with all assumptions.

import { GB, HOURS, KB, SECONDS, units, type Kind, type Line, type Prices } from './bill-parts.ts';
import { rollupLines, sweepLines } from './bill-minutely.ts';
import { parsingLines } from './bill-parsed.ts';
import { sealLines } from './bill-seals.ts';
import { assumed, assumptionsOf, billed, type Fleet } from './bill-assumptions.ts';

export interface Bill {
  readonly readings: number;
  readonly messages: number;
  readonly lines: readonly Line[];
  readonly total: number;
  /** Dollars per million readings, by kind. */
  readonly perMillion: Readonly<Record<Kind, number>>;
  /** Table writes per reading, without refused ones. At most 1, since each reading is in one window. */
  readonly writesPerReading: number;
  readonly assumptions: readonly string[];
}

const line = (service: string, what: string, dollars: number, kind: Kind = 'ingest'): Line => ({
  ...{ service, what, dollars, kind },
});

/** The price of an amount (in millions) with volume discounts. */
function tiered(amount: number, tiers: Prices['iot']['messageMillion']): number {
  let dollars = 0;
  let from = 0;
  for (const { upToMillion = Infinity, price } of tiers) {
    dollars += Math.max(0, Math.min(amount, upToMillion) - from) * price;
    from = upToMillion;
  }
  return dollars;
}

interface Traffic {
  readonly readings: number;
  readonly messages: number;
  readonly messageBytes: number;
  readonly recordBytes: number;
}

function trafficOf({ devices, rate, pack }: Fleet): Traffic {
  const readings = devices * rate * SECONDS;
  const messageBytes = assumed.readingBytes * pack + (pack > 1 ? 20 : 0);
  return {
    readings,
    messages: readings / pack,
    messageBytes,
    recordBytes: messageBytes + assumed.contextBytes,
  };
}

/** The average number of windows that `seconds` of a device's readings touch. At most the number of readings. */
const windowsTouched = (seconds: number, { rate, windowSeconds }: Fleet) =>
  Math.min(Math.max(1, seconds * rate), 1 + Math.max(0, seconds - 1 / rate) / windowSeconds);

function devicesLines(fleet: Fleet, { messages, messageBytes }: Traffic, prices: Prices): Line[] {
  const { iot } = prices;
  const size = units(messageBytes, iot.unitKB);
  const million = (messages * size) / 1e6;
  const minutes = (fleet.devices * HOURS * 60) / 1e6;
  // MalformedRule's topic filter matches every message that is not published to a rule by name.
  const rules = fleet.basicIngest ? 1 : 2;
  return [
    line('IoT Core', 'connections', minutes * iot.connectionMillionMinutes),
    line('IoT Core', 'messages', fleet.basicIngest ? 0 : tiered(million, iot.messageMillion)),
    line('IoT Core', `rules triggered, ${rules} a message`, million * rules * iot.ruleMillion),
    line('IoT Core', 'rule actions, 2 a message', million * 2 * iot.actionMillion),
  ];
}

/** Objects and bytes of a month. */
function archiveOf({ messages, recordBytes }: Pick<Traffic, 'messages' | 'recordBytes'>) {
  const bytes = messages * recordBytes;
  return { objects: Math.max(SECONDS / 300, bytes / (5 * 1024 ** 2)), bytes };
}

function archiveLines({ messages, recordBytes }: Traffic, { firehose, s3 }: Prices): Line[] {
  const metered = messages * units(recordBytes, firehose.unitKB) * firehose.unitKB * KB;
  const { objects, bytes: stored } = archiveOf({ messages, recordBytes });
  return [
    line('Firehose', 'records, each rounded up to 5 KB', (metered / GB) * firehose.gb, 'ingest'),
    line('S3', 'objects of the archive', (objects / 1000) * s3.putThousand, 'ingest'),
    line(
      'S3',
      "a month's archive, stored for a month",
      (stored / GB) * assumed.archiveMonths * s3.storageGBMonth,
      'storage',
    ),
  ];
}

interface Work {
  readonly invocations: number;
  readonly seconds: number;
  readonly writes: number;
  /** Writes that are refused and repeated. */
  readonly repeated: number;
  readonly reads: number;
  readonly shards: number;
}

function directWork(fleet: Fleet, { readings, messages }: Traffic): Work {
  const touched = windowsTouched(fleet.pack / fleet.rate, fleet);
  // An environment that does not know a window's extremes writes twice when a reading improves them.
  const environments = Math.max(1, (messages / SECONDS) * ((billed.message + billed.request) / 1000));
  const extra = (assumed.strangersWrites * (1 - 1 / environments)) / fleet.pack;
  const windows = Math.min(readings, windowsOf(fleet));
  const writes =
    fleet.writesPerReading === undefined ? messages * touched : readings * fleet.writesPerReading;
  return {
    invocations: messages,
    seconds: (messages * (billed.message + touched * billed.request)) / 1000,
    writes,
    repeated: writes * extra,
    reads: Math.min(messages, windows),
    shards: 0,
  };
}

/** The number of windows with readings, of all devices in a month. */
const windowsOf = ({ devices, windowSeconds }: Fleet) => devices * (SECONDS / windowSeconds);

function streamWork(fleet: Fleet, { readings, messages, recordBytes }: Traffic): Work {
  const perSecond = messages / SECONDS;
  const needed = Math.max(
    perSecond / assumed.recordsPerSecondAndShard,
    (perSecond * recordBytes) / assumed.bytesPerSecondAndShard,
  );
  const shards = fleet.shards ?? Math.max(1, Math.ceil(needed * assumed.headroom));
  const batchesAtOnce = Math.min(shards * assumed.batchesPerShard, fleet.devices);
  const eventBytes = assumed.recordFrameBytes + (recordBytes * 4) / 3;
  const room = Math.min(assumed.batchRecords, assumed.batchBytes / eventBytes);
  // A batch ends when its time is over or it is full, and it has at least one record.
  const batchSeconds = Math.min(
    Math.max(fleet.batchingSeconds, batchesAtOnce / perSecond),
    room / (perSecond / batchesAtOnce),
  );
  const span = Math.max(batchSeconds, fleet.pack / fleet.rate);
  const deviceBatches = (fleet.devices * SECONDS) / span;
  const writes =
    fleet.writesPerReading === undefined
      ? Math.min(readings, deviceBatches * windowsTouched(span, fleet))
      : readings * fleet.writesPerReading;
  const invocations = (batchesAtOnce * SECONDS) / batchSeconds;
  const ms = invocations * assumed.batchMs + messages * fleet.pack * billed.reading + writes * billed.write;
  return { invocations, seconds: ms / 1000, writes, repeated: 0, reads: deviceBatches, shards };
}

/** The functions that count, and the stream before them. */
function functionLines(
  { mode }: Fleet,
  { invocations, seconds, shards }: Work,
  { messages, recordBytes }: Traffic,
  { kinesis, lambda }: Prices,
): Line[] {
  const puts = (messages * units(recordBytes, kinesis.unitKB)) / 1e6;
  const stream = [
    line('Kinesis', `${shards} shard${shards > 1 ? 's' : ''}`, shards * HOURS * kinesis.shardHour),
    line('Kinesis', 'records', puts * kinesis.putMillion),
  ];
  return [
    ...(mode === 'stream' ? stream : []),
    line('Lambda', 'invocations', (invocations / 1e6) * lambda.requestMillion),
    line('Lambda', 'time', seconds * assumed.memoryGB * lambda.gbSecondArm64),
  ];
}

/** The tables: windows, and alert states. */
function tableLines(
  fleet: Fleet,
  { writes, repeated, reads }: Work,
  { messages }: Traffic,
  { dynamodb }: Prices,
): Line[] {
  const windows = Math.min(windowsOf(fleet), messages * fleet.pack);
  const stored = (windows * (assumed.retentionDays / (HOURS / 24)) * assumed.windowBytes) / GB;
  const storage = Math.max(0, stored - dynamodb.freeGB) * dynamodb.storageGBMonth;
  return [
    line('DynamoDB', 'writes of windows', (writes / 1e6) * dynamodb.writeMillion),
    line('DynamoDB', 'writes refused and repeated', (repeated / 1e6) * dynamodb.writeMillion),
    line('DynamoDB', 'reads of alert states', (reads / 1e6) * dynamodb.readMillion),
    line('DynamoDB', `windows kept ${assumed.retentionDays} days`, storage, 'storage'),
    line('DynamoDB', 'their continuous backup', stored * dynamodb.backupGBMonth, 'storage'),
  ];
}

function watchingLines({ mode }: Fleet, { invocations }: Work, { cloudwatch }: Prices): Line[] {
  const metrics = assumed.metrics * cloudwatch.metricMonth;
  const alarms = assumed.alarmMetrics[mode] * cloudwatch.alarmMonth;
  return [
    line('CloudWatch', 'logs', ((invocations * assumed.logBytesPerInvocation) / GB) * cloudwatch.logGB),
    line('CloudWatch', 'metrics and alarms', metrics + alarms, 'fixed'),
  ];
}

function workLines(fleet: Fleet, work: Work, traffic: Traffic, prices: Prices): Line[] {
  const polls = (assumed.queues * assumed.pollsAQueueAndMinute * 60 * HOURS) / 1e6;
  return [
    ...functionLines(fleet, work, traffic, prices),
    ...tableLines(fleet, work, traffic, prices),
    ...watchingLines(fleet, work, prices),
    ...sweepLines(fleet, prices),
    ...rollupLines(fleet, prices),
    line(
      'SQS',
      'polls of the queues of undelivered notifications',
      polls * prices.sqs.requestMillion,
      'fixed',
    ),
    ...parsingLines(fleet, prices),
    line('KMS', 'key of the alerts topic', prices.kms.keyMonth, 'fixed'),
  ];
}

/** The bill of one month. @param prices bench/prices.json @throws RangeError for an impossible fleet */
export function billOf(fleet: Fleet, prices: Prices): Bill {
  const { devices, rate, pack, batchingSeconds, windowSeconds } = fleet;
  if (!(devices >= 1 && rate > 0 && pack >= 1 && batchingSeconds >= 0 && windowSeconds >= 1))
    throw new RangeError(
      'a fleet has at least one device, a rate above 0 and at least one reading a message',
    );
  const traffic = trafficOf(fleet);
  const work = fleet.mode === 'direct' ? directWork(fleet, traffic) : streamWork(fleet, traffic);
  const lines = [
    ...devicesLines(fleet, traffic, prices),
    ...archiveLines(traffic, prices),
    ...sealLines(archiveOf(traffic), prices),
    ...workLines(fleet, work, traffic, prices),
  ];
  const sum = (some: readonly Line[]) => some.reduce((total, { dollars }) => total + dollars, 0);
  const per = (kind: Kind) => (sum(lines.filter((line) => line.kind === kind)) / traffic.readings) * 1e6;
  return {
    readings: traffic.readings,
    messages: traffic.messages,
    lines,
    total: sum(lines),
    perMillion: { ingest: per('ingest'), storage: per('storage'), fixed: per('fixed') },
    writesPerReading: work.writes / traffic.readings,
    assumptions: assumptionsOf(fleet),
  };
}
