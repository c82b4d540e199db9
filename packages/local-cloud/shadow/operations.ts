// Gets, updates and deletes one shadow: a change is on disk before it is answered.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { ShadowAnswers } from './answers.ts';
import { applyPatch, deltaOf, emptyDocument, stamp, stateBytes } from './document.ts';
import { findToken, parseToken, parseUpdate, type UpdateRequest } from './request.ts';
import { type DoneRequest, type KeptShadow, keyOf, type ShadowId, type ShadowStore } from './store.ts';
import type { ShadowOperation } from './topics.ts';

export interface ShadowRequest {
  readonly payload: Buffer;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The same when a restart repeats the request. */
  readonly traceId: string;
}

/** The answers are JSON texts, as AWS sends them. All throw AwsError with the code and message of AWS. */
export interface ShadowOperations {
  readonly run: Readonly<Record<ShadowOperation, (id: ShadowId, request: ShadowRequest) => Promise<string>>>;
  /** What `get` answers, without publishing it. */
  readonly describe: (id: ShadowId, clientToken?: string) => Promise<string>;
}

/** State without metadata. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_STATE_BYTES = 8 * 1024;
/** Changes that are recognised when a restart repeats them; more than the journal may repeat. */
const REMEMBERED_REQUESTS = 16;

const remember = (requests: readonly DoneRequest[], traceId: string, version: number): DoneRequest[] => [
  ...requests.slice(1 - REMEMBERED_REQUESTS),
  [traceId, version],
];

const done = ({ requests }: KeptShadow, traceId: string) => requests.find(([id]) => id === traceId);

function mustExist(id: ShadowId, { exists }: KeptShadow): void {
  if (exists) return;
  throw new AwsError('ResourceNotFoundException', `No shadow exists with name: '${keyOf(id)}'`, 404);
}

/** @param now in seconds */
function changed(
  { document, requests }: KeptShadow,
  { version, patch }: UpdateRequest,
  traceId: string,
  now: number,
): KeptShadow {
  if (version !== undefined && version !== document.version) {
    throw new AwsError('ConflictException', 'Version conflict', 409);
  }
  const next = applyPatch(document, patch, now);
  if (stateBytes(next) > MAX_STATE_BYTES) {
    const message = 'The payload exceeds the maximum size allowed';
    throw new AwsError('RequestEntityTooLargeException', message, 413);
  }
  return { exists: true, document: next, requests: remember(requests, traceId, next.version) };
}

/** What the operations work with. */
interface Deps {
  readonly store: ShadowStore;
  readonly clock: Clock;
}

const secondsOf = ({ clock }: Deps) => Math.floor(clock.now() / 1000);

function describe(deps: Deps, id: ShadowId, clientToken?: string): string {
  const kept = deps.store.read(id);
  mustExist(id, kept);
  const { state, metadata, version } = kept.document;
  const delta = deltaOf(kept.document)?.state;
  const timestamp = secondsOf(deps);
  return JSON.stringify({ state: { ...state, delta }, metadata, version, timestamp, clientToken });
}

type Run = (id: ShadowId, request: ShadowRequest) => Promise<string>;

const updating =
  (deps: Deps, answers: ShadowAnswers): Run =>
  async (id, { payload, traceId }) => {
    const { store } = deps;
    const request = parseUpdate(payload);
    const before = store.read(id);
    let after = before;
    if (!done(before, traceId)) {
      after = changed(before, request, traceId, secondsOf(deps));
      await store.write(id, after);
    }
    const { state, clientToken } = request;
    const timestamp = secondsOf(deps);
    const metadata = stamp(state, timestamp);
    const [, version] = done(after, traceId)!;
    const answer = JSON.stringify({ state, metadata, version, timestamp, clientToken });
    await answers.send(id, 'update/accepted', answer);
    await answers.announce(id, before.exists ? before.document : null, after.document, clientToken);
    return answer;
  };

const deleting =
  (deps: Deps, answers: ShadowAnswers): Run =>
  async (id, { payload, traceId }) => {
    const { store } = deps;
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
    const answer = JSON.stringify({ version, timestamp: secondsOf(deps), clientToken });
    await answers.send(id, 'delete/accepted', answer);
    return answer;
  };

export function createShadowOperations(deps: Deps, answers: ShadowAnswers): ShadowOperations {
  return {
    describe: async (id, clientToken) => describe(deps, id, clientToken),
    run: {
      async get(id, { payload }) {
        const answer = describe(deps, id, parseToken(payload));
        await answers.send(id, 'get/accepted', answer);
        return answer;
      },
      update: updating(deps, answers),
      delete: deleting(deps, answers),
    },
  };
}
