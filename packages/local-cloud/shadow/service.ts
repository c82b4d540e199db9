// The Device Shadow service: answers requests from MQTT and from the HTTP API, one after the other for each shadow.
// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-data-flow.html
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { TopicService } from '../mqtt/jobs.ts';
import { ownPrincipal, type InboundMessage } from '../mqtt/message.ts';
import { createSerialQueue } from '../files/serial-queue.ts';
import { applyPatch, deltaOf, emptyDocument, stamp, stateBytes, type ShadowDocument } from './document.ts';
import { findToken, parseToken, parseUpdate, type UpdateRequest } from './request.ts';
import { createRequestRate } from './request-rate.ts';
import { keyOf, type DoneRequest, type KeptShadow, type ShadowId, type ShadowStore } from './store.ts';
import { answerTopic, parseRequestTopic, type AnswerTopic, type ShadowOperation } from './topics.ts';

/** The answers are JSON texts, as AWS sends them. All throw AwsError with the code and message of AWS. */
export interface Shadows extends TopicService {
  get(id: ShadowId): Promise<string>;
  /** Resolves when the update is on disk and subscribers have been told. */
  update(id: ShadowId, payload: Buffer): Promise<string>;
  remove(id: ShadowId): Promise<string>;
  /** In the order of their names; the classic shadow has none. */
  namesOf(thingName: string): string[];
  /** Resolves when what was asked before is done and the store is closed. */
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

/** State without metadata. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const maximumStateBytes = 8 * 1024;
/** Requests of one connection that may be under way or wait for their turn, as on AWS. */
const maximumInFlight = 10;
/** Changes that a restart can tell from new ones; more than the journal forgets to have finished. */
const rememberedRequests = 16;

interface Request {
  readonly payload: Buffer;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The same when a restart hands the request over again. */
  readonly traceId: string;
}

const remember = (requests: readonly DoneRequest[], traceId: string, version: number): DoneRequest[] => [
  ...requests.slice(1 - rememberedRequests),
  [traceId, version],
];

const done = ({ requests }: KeptShadow, traceId: string) => requests.find(([id]) => id === traceId);

export function createShadows({ store, publish, clock, log, newId }: ShadowsOptions): Shadows {
  const turns = createSerialQueue();
  const running = new Set<Promise<unknown>>();
  const seconds = () => Math.floor(clock.now() / 1000);

  /** What is done stays done when the disk then refuses to keep the news of it. */
  const tell = async (id: ShadowId, answer: AnswerTopic, text: string) => {
    const topic = answerTopic(id, answer);
    const message: InboundMessage = {
      topic,
      payload: Buffer.from(text),
      qos: 1,
      retain: false,
      clientId: 'n/a',
      principal: ownPrincipal,
      sourceIp: 'n/a',
      receivedAt: clock.now(),
      traceId: newId(),
    };
    await publish(message).catch((error: unknown) => {
      log.error('shadow message lost: the disk refused it', { topic, reason: String(error) });
    });
  };

  const mustExist = (id: ShadowId, { exists }: KeptShadow) => {
    if (exists) return;
    throw new AwsError('ResourceNotFoundException', `No shadow exists with name: '${keyOf(id)}'`, 404);
  };

  const describe = async (id: ShadowId, clientToken?: string) => {
    const kept = store.read(id);
    mustExist(id, kept);
    const { state, metadata, version } = kept.document;
    const delta = deltaOf(kept.document)?.state;
    const timestamp = seconds();
    return JSON.stringify({ state: { ...state, delta }, metadata, version, timestamp, clientToken });
  };

  const changed = (
    { document, requests }: KeptShadow,
    { version, patch }: UpdateRequest,
    traceId: string,
  ) => {
    if (version !== undefined && version !== document.version) {
      throw new AwsError('ConflictException', 'Version conflict', 409);
    }
    const next = applyPatch(document, patch, seconds());
    if (stateBytes(next) > maximumStateBytes) {
      const message = 'The payload exceeds the maximum size allowed';
      throw new AwsError('RequestEntityTooLargeException', message, 413);
    }
    return { exists: true, document: next, requests: remember(requests, traceId, next.version) };
  };

  /** What subscribers learn of an update, beside that it was accepted; `previous` is null where there was no shadow. */
  const announce = async (
    id: ShadowId,
    previous: ShadowDocument | null,
    current: ShadowDocument,
    clientToken?: string,
  ) => {
    const timestamp = seconds();
    const delta = deltaOf(current);
    if (delta) {
      const { version } = current;
      await tell(id, 'update/delta', JSON.stringify({ version, timestamp, ...delta, clientToken }));
    }
    await tell(id, 'update/documents', JSON.stringify({ previous, current, timestamp, clientToken }));
  };

  const update = async (id: ShadowId, { payload, traceId }: Request): Promise<string> => {
    const request = parseUpdate(payload);
    const before = store.read(id);
    let after = before;
    if (!done(before, traceId)) {
      after = changed(before, request, traceId);
      await store.write(id, after);
    }
    const { state, clientToken } = request;
    const timestamp = seconds();
    const metadata = state ? stamp(state, timestamp) : {};
    const [, version] = done(after, traceId)!;
    const answer = JSON.stringify({ state, metadata, version, timestamp, clientToken });
    await tell(id, 'update/accepted', answer);
    await announce(id, before.exists ? before.document : null, after.document, clientToken);
    return answer;
  };

  const remove = async (id: ShadowId, { payload, traceId }: Request): Promise<string> => {
    const clientToken = findToken(payload);
    const before = store.read(id);
    let after = before;
    if (!done(before, traceId)) {
      mustExist(id, before);
      const { version } = before.document;
      const requests = remember(before.requests, traceId, version);
      after = { exists: false, document: emptyDocument(version), requests };
      await store.write(id, after);
    }
    const [, version] = done(after, traceId)!;
    const answer = JSON.stringify({ version, timestamp: seconds(), clientToken });
    await tell(id, 'delete/accepted', answer);
    return answer;
  };

  const operations: Readonly<Record<ShadowOperation, (id: ShadowId, request: Request) => Promise<string>>> = {
    async get(id, { payload }) {
      const answer = await describe(id, parseToken(payload));
      await tell(id, 'get/accepted', answer);
      return answer;
    },
    update,
    delete: remove,
  };

  const inTurn = async (id: ShadowId, work: () => Promise<string>) => {
    const turn = turns(keyOf(id), work);
    const settled = turn.catch(() => {}); // told to whoever asked
    running.add(settled);
    try {
      return await turn;
    } finally {
      running.delete(settled);
    }
  };
  const takesRequest = createRequestRate();
  const paced = async (id: ShadowId, at: number, work: () => Promise<string>) => {
    if (takesRequest(keyOf(id), at)) return inTurn(id, work);
    throw new AwsError('ThrottlingException', 'Too many requests', 429);
  };
  const run = (operation: ShadowOperation, id: ShadowId, request: Request) =>
    paced(id, request.receivedAt, () => operations[operation](id, request));
  const runHere = (operation: ShadowOperation, id: ShadowId, payload: Buffer) =>
    run(operation, id, { payload, receivedAt: clock.now(), traceId: newId() });

  const inFlight = new Map<string, number>();
  const admitted = async (clientId: string, work: () => Promise<string>): Promise<void> => {
    const already = inFlight.get(clientId) ?? 0;
    if (already >= maximumInFlight) {
      throw new AwsError('ThrottlingException', 'Too many requests', 429);
    }
    inFlight.set(clientId, already + 1);
    try {
      await work();
    } finally {
      const left = inFlight.get(clientId)! - 1;
      if (left === 0) inFlight.delete(clientId);
      else inFlight.set(clientId, left);
    }
  };

  const reject = async (operation: ShadowOperation, id: ShadowId, payload: Buffer, error: unknown) => {
    const isRefusal = error instanceof AwsError;
    if (!isRefusal) {
      const reason = error instanceof Error ? error.stack : String(error);
      log.error('a shadow request failed', { shadow: keyOf(id), operation, reason });
    }
    const code = isRefusal ? error.status : 500;
    const message = isRefusal ? error.message : 'Internal service failure';
    const answer = { code, message, timestamp: seconds(), clientToken: findToken(payload) };
    await tell(id, `${operation}/rejected`, JSON.stringify(answer));
  };

  return {
    id: 'shadow',
    matches: (topic) => parseRequestTopic(topic) !== undefined,
    async handle({ topic, payload, receivedAt, traceId, clientId }) {
      const { id, operation } = parseRequestTopic(topic)!;
      try {
        await admitted(clientId, () => run(operation, id, { payload, receivedAt, traceId }));
      } catch (error) {
        await reject(operation, id, payload, error);
      }
    },
    get: (id) => paced(id, clock.now(), () => describe(id)),
    update: (id, payload) => runHere('update', id, payload),
    remove: (id) => runHere('delete', id, Buffer.alloc(0)),
    namesOf: (thingName) => store.namesOf(thingName),
    async close() {
      await Promise.all(running);
      await store.close();
    },
  };
}
