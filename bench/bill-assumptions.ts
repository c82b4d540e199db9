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
  directMs: 20,
  recordMs: 0.1,
  writeMs: 1.5,
  batchMs: 10,
  strangersWrites: 0.65,
  logBytesPerInvocation: 900,
  lanesPerShard: 8,
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

/** Each assumption behind a fleet's bill as a sentence. */
export function assumptionsOf(fleet: Fleet): string[] {
  const a = assumed;
  return [
    `a month has 730 hours; free tiers (except the first 25 GB of tables), taxes and data transfer out are not included`,
    `a reading has ${a.readingBytes} bytes, and the rule adds ${a.contextBytes} bytes to a message`,
    `every device is always connected; keep-alive is free; acknowledgements are not counted`,
    fleet.basicIngest
      ? 'devices publish to $aws/rules/TelemetryRule/...: messages that are not JSON objects then reach no rule'
      : "MalformedRule's topic filter matches every message; this counts as a triggered rule, since AWS's pricing page is not clear",
    `a window of ${fleet.windowSeconds} s has ${a.windowBytes} bytes (two metrics, ten readings) and one write unit, and is stored for ${a.retentionDays} days; the bill is for a table that is that old`,
    fleet.mode === 'direct'
      ? `a message takes ${a.directMs} ms of a function of ${a.memoryGB * 1024} MB, and up to ${a.strangersWrites * 100} % of the writes are refused and repeated if many environments do not know each other's extremes`
      : `a batch takes ${a.batchMs} ms plus ${a.recordMs} ms per reading and ${a.writeMs} ms per write, of a function of ${a.memoryGB * 1024} MB`,
    fleet.mode === 'direct'
      ? 'alert states are read once per device and window'
      : `a shard is used to four fifths; batches collect for ${fleet.batchingSeconds} s, ${a.lanesPerShard} in parallel per shard, up to 10,000 records or 6 MB; alert states are read once per device and batch`,
    `an invocation writes ${a.logBytesPerInvocation} bytes of log; the archive is in S3 Standard and counted for its first month`,
    `the sweep takes ${a.sweepMs} ms a minute of ${a.sweepMemoryGB * 1024} MB, and reads every device (${a.deviceBytes} bytes each)`,
    `an hour of a device is folded once: its windows are read consistently in ${a.foldMs} ms of a function of 1769 MB, and the hour is stored in ${a.hourBytes} bytes; in a fleet of more than ${a.keptFleet} devices the newest window of each is read every minute`,
    `Lambda polls each of ${a.queues} queues ${a.pollsAQueueAndMinute} times a minute, even if it is empty`,
    `a run of the function that parses the archive takes ${a.parseRunSeconds} s plus ${a.parseMicroseconds} us per reading of two metrics, including merging, of a function of 1769 MB; a site has ${a.devicesPerSite} devices; a parsed reading has ${a.parsedBytes} bytes; queries in Athena (5 dollars per TB read) are not counted`,
    `a run of the function that seals the archive takes ${a.sealRunSeconds} s, and ${a.sealSecondsPerGB} s per GB that it hashes, of a function of ${a.sealMemoryGB * 1024} MB`,
    'alerts (SNS, SMS), rejected readings, retries and a dashboard are not counted',
  ];
}
