// The assumptions of a bill about readings, batches and functions. They are printed with every bill.

export interface Fleet {
  readonly devices: number;
  /** Readings per second and device. */
  readonly rate: number;
  readonly mode: 'direct' | 'stream';
  readonly basicIngest: boolean;
  /** Readings per message. */
  readonly pack: number;
  /** The template's parameter StreamBatchingSeconds. */
  readonly batchingSeconds: number;
  /** The template's parameter StreamShards; undefined for as few as the fleet needs. */
  readonly shards?: number;
  /** The template's parameter WindowSeconds. */
  readonly windowSeconds: number;
  /** Table writes per reading, if a running stack was measured. */
  readonly writesPerReading?: number | undefined;
}

/** Assumed, declared and measured values; docs/cost.md gives the source of each. */
export const assumed = {
  readingBytes: 90,
  contextBytes: 190,
  windowBytes: 420,
  retentionDays: 90,
  archiveMonths: 1,
  memoryGB: 0.5,
  /** The memory for which Lambda gives one whole processor; less memory gives less of it in proportion. */
  processorMB: 1769,
  /** Processor time of a whole processor, measured by `bench/handlers.ts`, whose requests to tables are not HTTPS. */
  directProcessorMs: 0.5,
  readingProcessorMs: 0.06,
  requestProcessorMs: 0.4,
  requestMs: 5,
  /** Requests that a batch of the stream makes at the same time. */
  requestsAtOnce: 16,
  runtimeMs: 1,
  batchMs: 10,
  strangersWrites: 0.65,
  logBytesPerInvocation: 900,
  batchesPerShard: 8,
  headroom: 1.25,
  recordsPerSecondAndShard: 1000,
  bytesPerSecondAndShard: 1024 ** 2,
  batchRecords: 10_000,
  batchBytes: 6 * 1024 ** 2,
  recordFrameBytes: 620,
  metrics: 10,
  /** AWS charges an alarm by the number of metrics that it watches. */
  alarmMetrics: { direct: 73, stream: 79 },
  queues: 2,
  /** The polls of an event source with an empty queue: five at a time, each for 20 seconds. */
  pollsAQueueAndMinute: 15,
  sweepMs: 300,
  sweepMemoryGB: 0.25,
  deviceBytes: 400,
  rollupMs: 60,
  rollupMemoryGB: 1.73,
  foldMs: 15,
  hourBytes: 700,
  keptFleet: 200,
  lookUpMs: 1.2,
  fleetBytesPerDevice: 30,
  parseRunSeconds: 5,
  parseMicroseconds: 20,
  parseMemoryGB: 1.73,
  parsedBytes: 4,
  devicesPerSite: 20,
  sealRunSeconds: 0.5,
  sealSecondsPerGB: 30,
  sealMemoryGB: 0.5,
} as const;

/** Milliseconds of an ingest function for work of so many milliseconds of a whole processor. */
const onShare = (ms: number) => (ms * assumed.processorMB) / (assumed.memoryGB * 1024);

/** Milliseconds that the ingest functions are billed for, by what they do. */
export const billed = {
  request: onShare(assumed.requestProcessorMs) + assumed.requestMs,
  message: assumed.runtimeMs + onShare(assumed.directProcessorMs),
  /** In a batch. */
  reading: onShare(assumed.readingProcessorMs),
  write: onShare(assumed.requestProcessorMs) + assumed.requestMs / assumed.requestsAtOnce,
};

/** Each assumption behind a fleet's bill as a sentence. */
export function assumptionsOf(fleet: Fleet): string[] {
  const a = assumed;
  const memory = `a function of ${a.memoryGB * 1024} MB`;
  const share = ((a.memoryGB * 1024) / a.processorMB).toFixed(2);
  return [
    `a month has 730 hours; free tiers (except the first 25 GB of tables), taxes and data transfer out are not included`,
    `a reading has ${a.readingBytes} bytes, and the rule adds ${a.contextBytes} bytes to a message`,
    `every device is always connected; keep-alive is free; acknowledgements are not counted`,
    fleet.basicIngest
      ? 'devices publish to $aws/rules/TelemetryRule/...: messages that are not JSON objects then reach no rule'
      : "MalformedRule's topic filter matches every message; this counts as a triggered rule, since AWS's pricing page is not clear",
    `a window of ${fleet.windowSeconds} s has ${a.windowBytes} bytes (two metrics, ten readings) and one write unit, and is stored for ${a.retentionDays} days; the bill is for a table that is that old`,
    fleet.mode === 'direct'
      ? `a message takes ${a.directProcessorMs} ms of a processor (measured: node bench/handlers.ts) and a request to a table ${a.requestProcessorMs} ms; ${memory} gives ${share} of a processor; DynamoDB answers in ${a.requestMs} ms, Lambda itself takes ${a.runtimeMs} ms: ${(billed.message + billed.request).toFixed(1)} ms in all; up to ${a.strangersWrites * 100} % of the writes are refused and repeated if many environments do not know each other's extremes`
      : `a batch takes ${a.batchMs} ms, a reading ${a.readingProcessorMs} ms of a processor (measured: node bench/handlers.ts) and a write ${a.requestProcessorMs} ms; ${memory} gives ${share} of a processor; DynamoDB answers in ${a.requestMs} ms, and ${a.requestsAtOnce} writes wait at the same time: ${billed.reading.toFixed(2)} ms a reading and ${billed.write.toFixed(1)} ms a write`,
    fleet.mode === 'direct'
      ? 'alert states are read once per device and window'
      : `a shard is used to four fifths; batches collect for ${fleet.batchingSeconds} s, ${a.batchesPerShard} in parallel per shard, up to 10,000 records or 6 MB; alert states are read once per device and batch`,
    `an invocation writes ${a.logBytesPerInvocation} bytes of log; the archive is in S3 Standard and counted for its first month`,
    `the sweep takes ${a.sweepMs} ms a minute of ${a.sweepMemoryGB * 1024} MB, and reads every device (${a.deviceBytes} bytes each)`,
    `an hour of a device is folded once: its windows are read consistently in ${a.foldMs} ms of a function of 1769 MB, and the hour is stored in ${a.hourBytes} bytes; in a fleet of more than ${a.keptFleet} devices the newest window of each is read every minute`,
    `Lambda polls each of ${a.queues} queues ${a.pollsAQueueAndMinute} times a minute, even if it is empty`,
    `a run of the function that parses the archive takes ${a.parseRunSeconds} s plus ${a.parseMicroseconds} us per reading of two metrics, including merging, of a function of 1769 MB; a site has ${a.devicesPerSite} devices; a parsed reading has ${a.parsedBytes} bytes; queries in Athena (5 dollars per TB read) are not counted`,
    `a run of the function that seals the archive takes ${a.sealRunSeconds} s, and ${a.sealSecondsPerGB} s per GB that it hashes, of a function of ${a.sealMemoryGB * 1024} MB`,
    'alerts (SNS, SMS), rejected readings, retries, starts of environments and a dashboard are not counted',
  ];
}
