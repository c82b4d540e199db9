// Delivers one batch to its function: retries, halves it, continues after the records that are done, and gives up at the end.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { Origin } from './batch-event.ts';
import { readResponse, type BatchOutcome } from './batch-response.ts';
import { leaveRecord, type Condition, type FailureDestinations } from './failure-record.ts';
import type { MappingSpec } from './mapping-spec.ts';
import type { LogRecord } from './shard-reader.ts';

export interface DeliverySettings {
  readonly spec: MappingSpec;
  readonly origin: Origin;
  /** Lambda's synchronous invocation; rejects with an AwsError when the function cannot be invoked. */
  readonly invoke: (
    functionName: string,
    payload: () => string | Buffer,
  ) => Promise<{ payload: string; functionError?: string }>;
  readonly destinations: FailureDestinations;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
  /** True once the process stops: from then on a failed attempt does not count. */
  readonly isClosed: () => boolean;
}

/** Milliseconds; the pause doubles with each attempt. AWS documents the backoff without numbers. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/** A part of the batch that is not finished. */
interface Piece {
  readonly records: readonly LogRecord[];
  readonly attempts: number;
}

type Attempted = BatchOutcome | { readonly kind: 'not invoked' };

/** @returns a function that invokes the mapping's function with the records */
function createAttempt({ spec, origin, invoke, clock, log, count, meter }: DeliverySettings) {
  const age = meter('AWS/Lambda', 'IteratorAge', { FunctionName: spec.functionName }, 'Milliseconds');
  const { format } = origin;
  return async (records: readonly LogRecord[]): Promise<Attempted> => {
    count(`${format.counter}.invocations`);
    age(Math.max(clock.now() - records.at(-1)!.arrivedAt, 0));
    try {
      const { payload, functionError } = await invoke(spec.functionName, () => format.event(origin, records));
      if (functionError) return { kind: 'failed' };
      if (!spec.reportsItems) return { kind: 'done' };
      return readResponse(payload, () =>
        records.map(({ place }) => format.sequenceNumberOf(origin.shard, place)),
      );
    } catch (error) {
      if (!(error instanceof AwsError))
        log.error('a batch could not be delivered to its function', {
          ...aboutOf({ spec, origin }),
          reason: String(error),
        });
      return { kind: 'not invoked' };
    }
  };
}

const aboutOf = ({ spec, origin }: Pick<DeliverySettings, 'spec' | 'origin'>) => ({
  function: spec.functionName,
  shard: origin.shardId,
});

const createPause =
  (clock: Clock) =>
  (times: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(Math.min(FIRST_PAUSE_MS * 2 ** times, LONGEST_PAUSE_MS), resolve);
    });

/** @returns a function that puts records into the failure destination, however often that has to be tried */
function createGiveUp(settings: DeliverySettings) {
  const { spec, origin, clock, log, count, destinations, meter } = settings;
  const kept = meter(
    'AWS/Lambda',
    'OnFailureDestinationDeliveredEventCount',
    { EventSourceMappingUUID: spec.id },
    'Count',
  );
  const pause = createPause(clock);
  return async ({ records, attempts }: Piece, condition: Condition): Promise<void> => {
    const fields = { ...aboutOf(settings), condition, attempts, records: records.length };
    count(`${origin.format.counter}.givenUp`, records.length);
    if (!spec.onFailure) {
      log.error('records lost: all attempts failed and the template names no failure destination', fields);
      return;
    }
    const batch = { condition, attempts, records, time: clock.now() };
    for (let times = 0; ; times += 1) {
      try {
        await leaveRecord(spec, origin, batch, destinations);
        kept(records.length);
        log.error('all attempts failed: the records are kept in the failure destination', fields);
        return;
      } catch (error) {
        log.error('failure destination cannot be written, will be tried again', {
          ...fields,
          reason: String(error),
        });
        await pause(times);
      }
    }
  };
}

type GiveUp = ReturnType<typeof createGiveUp>;

/** @returns a function that gives the pieces that are left of one after an attempt */
function createAfterAttempt(settings: DeliverySettings, giveUp: GiveUp) {
  const { spec, clock, log } = settings;
  const about = aboutOf(settings);
  const pause = createPause(clock);

  async function again(piece: Piece): Promise<Piece[]> {
    const { records, attempts } = piece;
    if (attempts > spec.maxRetries) {
      await giveUp(piece, 'RetryAttemptsExhausted');
      return [];
    }
    log.warn('records failed, will be tried again', { ...about, records: records.length, attempt: attempts });
    await pause(attempts - 1);
    return [piece];
  }

  return async (piece: Piece, outcome: Attempted): Promise<Piece[]> => {
    const { records } = piece;
    if (outcome.kind === 'done') return [];
    if (outcome.kind === 'not invoked') {
      await pause(piece.attempts);
      return [piece];
    }
    if (outcome.kind === 'partial' && outcome.from > 0) {
      // The records before it are done; for the rest this was the first attempt.
      return again({ records: records.slice(outcome.from), attempts: 1 });
    }
    if (outcome.kind === 'failed' && spec.bisects && records.length > 1) {
      const middle = Math.ceil(records.length / 2);
      log.warn('a batch failed and is halved', { ...about, records: records.length });
      return [records.slice(0, middle), records.slice(middle)].map((half) => ({ ...piece, records: half }));
    }
    return again({ records, attempts: piece.attempts + 1 });
  };
}

/**
 * @returns a function that delivers a batch. It calls `onDone` with the place of each record up to which all are finished, and
 * resolves when the whole batch is: processed, or left at the failure destination. Once closed it stays pending.
 */
export function createDelivery(settings: DeliverySettings) {
  const { spec, clock, isClosed } = settings;
  const attempt = createAttempt(settings);
  const giveUp = createGiveUp(settings);
  const after = createAfterAttempt(settings, giveUp);

  /** Gives up the records at the front that have become too old. */
  async function withoutOld(piece: Piece): Promise<Piece> {
    const oldest = clock.now() - spec.maxAgeMs;
    const end = piece.records.findIndex(({ arrivedAt }) => arrivedAt >= oldest);
    if (end === 0) return piece;
    const old = end === -1 ? piece.records : piece.records.slice(0, end);
    await giveUp({ ...piece, records: old }, 'RecordAgeExceeded');
    return { ...piece, records: piece.records.slice(old.length) };
  }

  return async (batch: readonly LogRecord[], onDone: (place: number) => void): Promise<void> => {
    const pieces: Piece[] = [{ records: batch, attempts: 0 }];
    for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
      const last = piece.records.at(-1)!.place;
      const fresh = await withoutOld(piece);
      if (fresh.records.length > 0) {
        const outcome = await attempt(fresh.records);
        // Its environment was ended, not its attempt: it stays pending.
        if (isClosed() && outcome.kind !== 'done') await new Promise(() => {});
        pieces.unshift(...(await after(fresh, outcome)));
      }
      const [next] = pieces;
      onDone(next ? next.records[0]!.place - 1 : last);
    }
  };
}
