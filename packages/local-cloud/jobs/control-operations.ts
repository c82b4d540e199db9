// Jobs in the AWS IoT API: create, describe, list, cancel and delete them.
// https://docs.aws.amazon.com/iot/latest/developerguide/jobs-http-device-api.html

import { AwsError } from '../aws-error.ts';
import {
  invalid,
  label,
  page,
  queryFlag,
  queryText,
  required,
  text,
  texts,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from '../iot/api-request.ts';
import { controlExecution, controlSummary, jobDetails, jobSummary } from './answers.ts';
import { isJsonDocument, statusDetailsOf, versionOf } from './device-request.ts';
import { EXECUTION_NUMBER, STATUSES, type Job } from './job-records.ts';
import type { OpenJobs } from './open.ts';

const PAGED = ['maxResults', 'nextToken'];
const JOB_STATUSES = ['IN_PROGRESS', 'CANCELED', 'COMPLETED', 'DELETION_IN_PROGRESS', 'SCHEDULED'];

function jobsOf({ jobs }: IotCloud): OpenJobs {
  if (jobs?.open) return jobs.open;
  throw new AwsError('ServiceUnavailableException', 'The jobs are not open yet: try again', 503);
}

const jobId = (request: ApiRequest) => label(request, 'jobId');
const thingName = (request: ApiRequest) => label(request, 'thingName');

/** A query parameter that must be one of a list. */
function wordOf(request: ApiRequest, name: string, words: readonly string[]): string | undefined {
  const value = queryText(request, name);
  if (value !== undefined && !words.includes(value))
    throw invalid(`${name} must be one of ${words.join(', ')}`);
  return value;
}

function selectionOf({ body }: ApiRequest): Job['selection'] {
  const selection = text(body, 'targetSelection') ?? 'SNAPSHOT';
  if (selection === 'SNAPSHOT' || selection === 'CONTINUOUS') return selection;
  throw invalid('targetSelection must be SNAPSHOT or CONTINUOUS');
}

async function createJob(cloud: IotCloud, request: ApiRequest) {
  const { jobs } = jobsOf(cloud);
  const document = required(request.body, 'document');
  if (!isJsonDocument(document)) throw invalid('document must be a JSON object of at most 32 KB');
  const description = text(request.body, 'description');
  const announce = await jobs.create({
    ...{ id: jobId(request), document, selection: selectionOf(request) },
    targets: texts(request.body, 'targets') ?? [],
    ...(description === undefined ? {} : { description }),
  });
  await announce();
  return { jobArn: cloud.registry.arn(`job/${jobId(request)}`), jobId: jobId(request), description };
}

async function cancelJob(cloud: IotCloud, request: ApiRequest) {
  const { jobs, store } = jobsOf(cloud);
  const reasonCode = text(request.body, 'reasonCode');
  const comment = text(request.body, 'comment');
  const announce = await jobs.cancel(jobId(request), {
    force: queryFlag(request, 'force') ?? false,
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(comment === undefined ? {} : { comment }),
  });
  await announce();
  const { jobArn, jobId: id } = jobSummary(cloud.registry, store.job(jobId(request)));
  return { jobArn, jobId: id, description: store.job(id).description };
}

async function cancelExecution(cloud: IotCloud, request: ApiRequest) {
  const announce = await jobsOf(cloud).jobs.cancelExecution(jobId(request), thingName(request), {
    force: queryFlag(request, 'force') ?? false,
    statusDetails: statusDetailsOf(request.body),
    expectedVersion: versionOf(request.body),
  });
  await announce();
  return {};
}

function checkNumber(given: string | undefined): void {
  if (given !== undefined && given !== String(EXECUTION_NUMBER))
    throw new AwsError('ResourceNotFoundException', `There is no execution of number ${given}`, 404);
}

async function deleteExecution(cloud: IotCloud, request: ApiRequest) {
  checkNumber(request.labels.get('executionNumber'));
  const force = queryFlag(request, 'force') ?? false;
  await (
    await jobsOf(cloud).jobs.removeExecution(jobId(request), thingName(request), force)
  )();
  return {};
}

function listJobs(cloud: IotCloud, request: ApiRequest) {
  const status = wordOf(request, 'status', JOB_STATUSES);
  const selection = wordOf(request, 'targetSelection', ['SNAPSHOT', 'CONTINUOUS']);
  const listed = [...jobsOf(cloud).store.jobs.values()]
    .filter((job) => status === undefined || job.status === status)
    .filter((job) => selection === undefined || job.selection === selection);
  const { items, next } = page(request, listed, ({ id }) => id);
  return { jobs: items.map((job) => jobSummary(cloud.registry, job)), nextToken: next };
}

/** Executions of one job or of one thing, filtered by status. */
function listExecutions(cloud: IotCloud, request: ApiRequest, of: 'jobId' | 'thingName') {
  const { store } = jobsOf(cloud);
  const status = wordOf(request, 'status', STATUSES);
  const job = queryText(request, 'jobId');
  const all =
    of === 'thingName'
      ? store.executionsFor(thingName(request))
      : store.executionsOf(store.job(jobId(request)).id);
  const listed = all
    .filter((each) => status === undefined || each.status === status)
    .filter((each) => job === undefined || each.jobId === job);
  const { items, next } = page(request, listed, (each) => (of === 'jobId' ? each.thingName : each.jobId));
  const executionSummaries = items.map((each) => ({
    ...(of === 'jobId' ? { thingArn: cloud.registry.arn(`thing/${each.thingName}`) } : { jobId: each.jobId }),
    jobExecutionSummary: controlSummary(each),
  }));
  return { executionSummaries, nextToken: next };
}

const JOB_OPERATIONS_PROPER: readonly Operation[] = [
  {
    name: 'CreateJob',
    method: 'PUT',
    path: '/jobs/{jobId}',
    body: ['targets', 'document', 'description', 'targetSelection'],
    run: createJob,
  },
  {
    name: 'DescribeJob',
    method: 'GET',
    path: '/jobs/{jobId}',
    run(cloud, request) {
      const { store } = jobsOf(cloud);
      const job = store.job(jobId(request));
      return { job: jobDetails(cloud.registry, job, store.executionsOf(job.id)) };
    },
  },
  {
    name: 'UpdateJob',
    method: 'PATCH',
    path: '/jobs/{jobId}',
    body: ['description'],
    async run(cloud, request) {
      await jobsOf(cloud).jobs.describe(jobId(request), text(request.body, 'description'));
      return {};
    },
  },
  {
    name: 'ListJobs',
    method: 'GET',
    path: '/jobs',
    query: ['status', 'targetSelection', ...PAGED],
    run: listJobs,
  },
  {
    name: 'GetJobDocument',
    method: 'GET',
    path: '/jobs/{jobId}/job-document',
    run: (cloud, request) => ({ document: jobsOf(cloud).store.job(jobId(request)).document }),
  },
  {
    name: 'CancelJob',
    method: 'PUT',
    path: '/jobs/{jobId}/cancel',
    body: ['reasonCode', 'comment'],
    query: ['force'],
    run: cancelJob,
  },
  {
    name: 'DeleteJob',
    method: 'DELETE',
    path: '/jobs/{jobId}',
    query: ['force'],
    async run(cloud, request) {
      await (
        await jobsOf(cloud).jobs.remove(jobId(request), queryFlag(request, 'force') ?? false)
      )();
      return {};
    },
  },
];

const EXECUTION_OPERATIONS: readonly Operation[] = [
  {
    name: 'DescribeJobExecution',
    method: 'GET',
    path: '/things/{thingName}/jobs/{jobId}',
    query: ['executionNumber'],
    run(cloud, request) {
      checkNumber(queryText(request, 'executionNumber'));
      const execution = jobsOf(cloud).store.execution(jobId(request), thingName(request));
      return { execution: controlExecution(cloud.registry, execution) };
    },
  },
  {
    name: 'ListJobExecutionsForThing',
    method: 'GET',
    path: '/things/{thingName}/jobs',
    query: ['status', 'jobId', ...PAGED],
    run: (cloud, request) => listExecutions(cloud, request, 'thingName'),
  },
  {
    name: 'ListJobExecutionsForJob',
    method: 'GET',
    path: '/jobs/{jobId}/things',
    query: ['status', ...PAGED],
    run: (cloud, request) => listExecutions(cloud, request, 'jobId'),
  },
  {
    name: 'CancelJobExecution',
    method: 'PUT',
    path: '/things/{thingName}/jobs/{jobId}/cancel',
    body: ['expectedVersion', 'statusDetails'],
    query: ['force'],
    run: cancelExecution,
  },
  {
    name: 'DeleteJobExecution',
    method: 'DELETE',
    path: '/things/{thingName}/jobs/{jobId}/executionNumber/{executionNumber}',
    query: ['force'],
    run: deleteExecution,
  },
];

export const jobOperations: readonly Operation[] = [...JOB_OPERATIONS_PROPER, ...EXECUTION_OPERATIONS];
