// AWS IoT Jobs over MQTT: serves the requests of devices on reserved topics, and answers the connection that sent each.
// https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html#reserved-topics-job

import { AwsError } from '../aws-error.ts';
import type { ApiRequest } from '../iot/api-request.ts';
import type { TopicService } from '../mqtt/jobs.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import { executionState } from './answers.ts';
import { createDeviceRequests, type DeviceAnswer, type DeviceRequest } from './device-requests.ts';
import type { Jobs } from './jobs.ts';
import { ownMessage, type NoticeDeps } from './notices.ts';
import type { JobStore } from './store.ts';

const REQUEST_TOPIC =
  /^\$aws\/things\/([a-zA-Z0-9:_-]{1,128})\/jobs\/(?:(get|start-next)|([a-zA-Z0-9_-]{1,64}|\$next)\/(get|update))$/;

/** The request of a topic; undefined for a topic that is not a request. */
export function parseTopic(topic: string): Omit<DeviceRequest, 'body'> | undefined {
  const [, thingName, plain, jobId, verb] = REQUEST_TOPIC.exec(topic) ?? [];
  if (thingName === undefined) return undefined;
  if (plain !== undefined) return { verb: plain as 'get' | 'start-next', thingName };
  return { verb: verb === 'get' ? 'describe' : 'update', thingName, jobId: jobId! };
}

/** MQTT's names of errors that are not HTTP's names without `Exception`. */
const CODES: Readonly<Record<string, string>> = {
  TerminalStateException: 'TerminalStateReached',
  ThrottlingException: 'RequestThrottled',
  NotImplementedException: 'InvalidRequest',
  InternalFailureException: 'InternalError',
};

function bodyOf(payload: Buffer): ApiRequest['body'] {
  if (payload.length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(payload.toString());
  } catch {
    throw new AwsError('InvalidJson', 'The payload is not valid JSON', 400);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as ApiRequest['body'];
  throw new AwsError('InvalidJson', 'The payload is not a JSON object', 400);
}

/** The token of a refused request, where it can be read. */
function tokenOf(payload: Buffer): unknown {
  try {
    return bodyOf(payload)['clientToken'];
  } catch {
    return undefined;
  }
}

interface JobTopicsDeps {
  readonly jobs: Jobs;
  readonly store: JobStore;
  readonly notices: Omit<NoticeDeps, 'store'>;
  readonly answer: (clientId: string, message: InboundMessage) => void;
}

function send(
  { notices, answer }: JobTopicsDeps,
  request: InboundMessage,
  outcome: 'accepted' | 'rejected',
  content: object,
): void {
  const timestamp = Math.floor(notices.clock.now() / 1000);
  const members = { clientToken: tokenOf(request.payload), timestamp, ...content };
  answer(request.clientId, ownMessage(`${request.topic}/${outcome}`, members, notices));
}

function stateOf(store: JobStore, { thingName, jobId = '' }: Omit<DeviceRequest, 'body'>) {
  try {
    return executionState(store.execution(jobId, thingName));
  } catch (error) {
    if (error instanceof AwsError) return undefined; // there is no such execution
    throw error;
  }
}

function reject(deps: JobTopicsDeps, request: InboundMessage, caught: unknown): void {
  if (!(caught instanceof AwsError))
    deps.notices.log.error('a jobs request failed', { topic: request.topic, reason: String(caught) });
  const error =
    caught instanceof AwsError
      ? caught
      : new AwsError('InternalFailureException', 'An error of the local cloud itself: see its log', 500);
  const code = CODES[error.code] ?? error.code.replace(/Exception$/, '');
  const showsState = code === 'VersionMismatch' || code === 'InvalidStateTransition';
  const state = showsState ? stateOf(deps.store, parseTopic(request.topic)!) : undefined;
  send(deps, request, 'rejected', { code, message: error.message, executionState: state });
}

export function createJobTopics(deps: JobTopicsDeps): TopicService {
  const { jobs, store } = deps;
  const serve = createDeviceRequests(jobs, store, (document) => JSON.parse(document) as unknown);
  return {
    id: 'jobs',
    matches: (topic) => parseTopic(topic) !== undefined,
    async handle(request) {
      let served: DeviceAnswer;
      try {
        served = await serve({ ...parseTopic(request.topic)!, body: bodyOf(request.payload) });
      } catch (error) {
        return reject(deps, request, error);
      }
      send(deps, request, 'accepted', served.members);
      await served.announce?.();
    },
  };
}
