// Serves the requests of devices for AWS IoT Jobs, over MQTT and HTTP: list jobs, start the next one, and report progress.
// https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html

import { AwsError } from '../aws-error.ts';
import { flag, invalid, only, required, type ApiRequest } from '../iot/api-request.ts';
import { deviceExecution, executionState, pendingLists } from './answers.ts';
import { statusDetailsOf, versionOf } from './device-request.ts';
import { EXECUTION_NUMBER, isPending, type Execution } from './job-records.ts';
import type { Announce, Jobs } from './jobs.ts';
import type { JobStore } from './store.ts';

export type Verb = 'get' | 'start-next' | 'describe' | 'update';

export interface DeviceRequest {
  readonly verb: Verb;
  readonly thingName: string;
  /** Of `describe` and `update`; `$next` is the first of the queue. */
  readonly jobId?: string;
  readonly body: ApiRequest['body'];
}

/** The answer's members, and what is published after it. */
export interface DeviceAnswer {
  readonly members: object;
  readonly announce?: Announce;
}

/** Members of a request besides `clientToken`; others are refused. */
const MEMBERS: Readonly<Record<Verb, readonly string[]>> = {
  get: [],
  'start-next': ['statusDetails'],
  describe: ['executionNumber', 'includeJobDocument'],
  update: [
    ...['status', 'statusDetails', 'expectedVersion', 'executionNumber'],
    ...['includeJobExecutionState', 'includeJobDocument'],
  ],
};

function checkNumber(body: ApiRequest['body']): void {
  const given = body['executionNumber'];
  if (given === undefined || given === null) return;
  if (typeof given !== 'number') throw invalid('executionNumber must be a number');
  if (given !== EXECUTION_NUMBER)
    throw new AwsError('ResourceNotFoundException', `There is no execution of number ${given}`, 404);
}

/** @param jobId `$next` for the first of the queue, which may be empty. @throws AwsError TerminalStateException */
function pendingExecution(store: JobStore, thingName: string, jobId: string): Execution | undefined {
  store.executionsFor(thingName); // the thing exists
  const execution = jobId === '$next' ? store.pending(thingName)[0] : store.execution(jobId, thingName);
  if (!execution || isPending(execution)) return execution;
  const { status } = execution;
  throw new AwsError('TerminalStateException', `The execution of job ${jobId} is ${status}`, 410);
}

/** @param shown how a document is shown: as text over HTTP, as an object over MQTT. */
export function createDeviceRequests(jobs: Jobs, store: JobStore, shown: (document: string) => unknown) {
  const documentOf = ({ jobId }: Execution) => shown(store.job(jobId).document);

  const serve: Readonly<Record<Verb, (request: DeviceRequest) => Promise<DeviceAnswer>>> = {
    async get({ thingName }) {
      store.executionsFor(thingName); // the thing exists
      return { members: pendingLists(store.pending(thingName)) };
    },
    async 'start-next'({ thingName, body }) {
      const execution = await jobs.startNext(thingName, statusDetailsOf(body));
      const shownExecution = execution && deviceExecution(execution, documentOf(execution));
      return { members: { execution: shownExecution } };
    },
    async describe({ thingName, jobId = '', body }) {
      checkNumber(body);
      const wantsDocument = body['includeJobDocument'] === undefined || flag(body, 'includeJobDocument');
      const execution = pendingExecution(store, thingName, jobId);
      const document = execution && wantsDocument ? documentOf(execution) : undefined;
      return { members: { execution: execution && deviceExecution(execution, document) } };
    },
    async update({ thingName, jobId = '', body }) {
      checkNumber(body);
      const announce = await jobs.report(jobId, thingName, {
        status: required(body, 'status'),
        statusDetails: statusDetailsOf(body),
        expectedVersion: versionOf(body),
      });
      const execution = store.execution(jobId, thingName);
      const members = {
        executionState: flag(body, 'includeJobExecutionState') ? executionState(execution) : undefined,
        jobDocument: flag(body, 'includeJobDocument') ? documentOf(execution) : undefined,
      };
      return { members, announce };
    },
  };

  /** @throws AwsError */
  return (request: DeviceRequest): Promise<DeviceAnswer> => {
    only(request.body, [...MEMBERS[request.verb], 'clientToken'], request.verb);
    return serve[request.verb](request);
  };
}
