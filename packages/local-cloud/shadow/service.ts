// The Device Shadow service: answers requests from MQTT and from the HTTP API, one after the other for each shadow.
// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-data-flow.html

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { createSerialQueue } from '../files/serial-queue.ts';
import type { Log } from '../log.ts';
import type { TopicService } from '../mqtt/jobs.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import { createShadowAnswers } from './answers.ts';
import type { ShadowDocument } from './document.ts';
import { createShadowOperations, type ShadowRequest } from './operations.ts';
import { createRequestRate } from './request-rate.ts';
import { keyOf, type ShadowId, type ShadowStore } from './store.ts';
import { parseRequestTopic, type ShadowOperation } from './topics.ts';

/** Answers are JSON texts, as on AWS. All methods throw AwsError with AWS's code and message. */
export interface Shadows extends TopicService {
  get(id: ShadowId): Promise<string>;
  /** Resolves when the update is on disk and its answers are published. */
  update(id: ShadowId, payload: Buffer): Promise<string>;
  remove(id: ShadowId): Promise<string>;
  /** In the order of their names; the classic shadow has none. */
  namesOf(thingName: string): string[];
  /** What the shadow is now, without a request that counts; undefined where there is none. */
  peek(id: ShadowId): ShadowDocument | undefined;
  /** Resolves when the requests that came before are done and the store is closed. */
  close(): Promise<void>;
}

export interface ShadowsOptions {
  readonly store: ShadowStore;
  readonly publish: (message: InboundMessage) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** A UUID. */
  readonly newId: () => string;
}

type Work = () => Promise<string>;

/** Requests of one connection that may run or wait, as on AWS. */
const MAX_IN_FLIGHT = 10;

const tooMany = () => new AwsError('ThrottlingException', 'Too many requests', 429);

/** Runs the requests of each shadow one after the other, at most as many a second as AWS accepts. */
function createSchedule() {
  const serially = createSerialQueue();
  const takesRequest = createRequestRate();
  const running = new Set<Promise<unknown>>();
  return {
    /** @param at epoch milliseconds. Rejects with AwsError ThrottlingException. */
    async run(id: ShadowId, at: number, work: Work): Promise<string> {
      if (!takesRequest(keyOf(id), at)) throw tooMany();
      const result = serially(keyOf(id), work);
      const ended = result.catch(() => {}); // the caller gets the error from `result`
      running.add(ended);
      try {
        return await result;
      } finally {
        running.delete(ended);
      }
    },
    idle: () => Promise.all(running),
  };
}

/** Limits the unfinished requests of each connection. */
function createAdmission() {
  const inFlight = new Map<string, number>();
  return async (clientId: string, work: Work): Promise<void> => {
    const already = inFlight.get(clientId) ?? 0;
    if (already >= MAX_IN_FLIGHT) throw tooMany();
    inFlight.set(clientId, already + 1);
    try {
      await work();
    } finally {
      const left = inFlight.get(clientId)! - 1;
      if (left === 0) inFlight.delete(clientId);
      else inFlight.set(clientId, left);
    }
  };
}

export function createShadows(options: ShadowsOptions): Shadows {
  const { store, clock, newId } = options;
  const answers = createShadowAnswers(options);
  const operations = createShadowOperations(options, answers);
  const schedule = createSchedule();
  const admitted = createAdmission();

  const run = (operation: ShadowOperation, id: ShadowId, request: ShadowRequest) =>
    schedule.run(id, request.receivedAt, () => operations.run[operation](id, request));
  const runHere = (operation: ShadowOperation, id: ShadowId, payload: Buffer) =>
    run(operation, id, { payload, receivedAt: clock.now(), traceId: newId() });

  return {
    id: 'shadow',
    matches: (topic) => parseRequestTopic(topic) !== undefined,
    async handle({ topic, payload, receivedAt, traceId, clientId }) {
      const { id, operation } = parseRequestTopic(topic)!;
      try {
        await admitted(clientId, () => run(operation, id, { payload, receivedAt, traceId }));
      } catch (error) {
        await answers.reject(operation, id, payload, error);
      }
    },
    get: (id) => schedule.run(id, clock.now(), () => operations.describe(id)),
    update: (id, payload) => runHere('update', id, payload),
    remove: (id) => runHere('delete', id, Buffer.alloc(0)),
    namesOf: (thingName) => store.namesOf(thingName),
    peek(id) {
      const { exists, document } = store.read(id);
      return exists ? document : undefined;
    },
    async close() {
      await schedule.idle();
      await store.close();
    },
  };
}
