// Counts the messages of a fleet, and their acknowledgement times in bounded memory.

export interface Percentiles {
  readonly median: number;
  readonly p99: number;
  readonly highest: number;
}

export interface Statistics {
  /** Messages passed to the connection, including duplicates, and their readings. */
  sent: number;
  readings: number;
  duplicates: number;
  /** Acknowledged by the broker; with QoS 0, written to the connection. */
  acknowledged: number;
  failed: number;
  reconnects: number;
  /** The last reason why a connection was lost or refused. */
  lastError: string;
  /** Milliseconds from publish to acknowledgement. */
  record(milliseconds: number): void;
  /** Exact to 5 %; undefined before the first acknowledgement. */
  latency(): Percentiles | undefined;
}

/** Each bucket is 5 % wider than the previous one; the first ends at a hundredth of a millisecond. */
const GROWTH = Math.log(1.05);
const SMALLEST = 0.01;
const BUCKETS = 512;

export function createStatistics(): Statistics {
  const counts = new Uint32Array(BUCKETS);
  let total = 0;
  let highest = 0;

  function percentile(share: number): number {
    let left = Math.ceil(total * share);
    for (const [bucket, count] of counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(SMALLEST * Math.exp(bucket * GROWTH), highest);
    }
    return highest;
  }

  return {
    sent: 0,
    readings: 0,
    duplicates: 0,
    acknowledged: 0,
    failed: 0,
    reconnects: 0,
    lastError: '',
    record(milliseconds) {
      const bucket = Math.ceil(Math.log(Math.max(milliseconds, SMALLEST) / SMALLEST) / GROWTH);
      counts[Math.min(bucket, BUCKETS - 1)]! += 1;
      total += 1;
      highest = Math.max(highest, milliseconds);
    },
    latency: () => (total === 0 ? undefined : { median: percentile(0.5), p99: percentile(0.99), highest }),
  };
}
