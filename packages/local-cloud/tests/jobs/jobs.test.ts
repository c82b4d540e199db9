// AWS IoT Jobs over HTTP: what managers of devices call, and what devices call.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as iotApi from '@aws-sdk/client-iot';
import { DOCUMENT, startJobs } from './fixture.ts';

const seconds = Date.parse('2026-11-20T12:00:00Z') / 1000;

test('a job is queued on its things, and each device executes it', async () => {
  const { device, makeJob, describe, execution } = await startJobs();
  await makeJob('update', ['t1', 't2'], { description: 'new firmware' });
  const job = await describe('update');
  assert.deepEqual(
    [job.status, job.targetSelection, job.description, job.jobProcessDetails?.numberOfQueuedThings],
    ['IN_PROGRESS', 'SNAPSHOT', 'new firmware', 2],
  );
  const queued = {
    ...{ jobId: 'update', queuedAt: seconds, lastUpdatedAt: seconds, versionNumber: 1, executionNumber: 1 },
  };
  const pending = await device('GET', 't1/jobs');
  assert.deepEqual([pending.queuedJobs, pending.inProgressJobs], [[queued], []]);
  const started = await device('PUT', 't1/jobs/$next', { statusDetails: { step: 'a' } });
  assert.deepEqual(started.execution, {
    ...queued,
    ...{ versionNumber: 2, startedAt: seconds, thingName: 't1', status: 'IN_PROGRESS' },
    ...{ statusDetails: { step: 'a' }, jobDocument: DOCUMENT },
  });
  const again = await device('PUT', 't1/jobs/$next', { statusDetails: { step: 'b' } });
  assert.deepEqual(again.execution, started.execution); // it is handed out again, unchanged
  const done = { status: 'SUCCEEDED', expectedVersion: 2, includeJobExecutionState: true };
  const { executionState } = await device('POST', 't1/jobs/update', done);
  assert.deepEqual(executionState, {
    ...{ status: 'SUCCEEDED', statusDetails: { step: 'a' }, versionNumber: 3 },
  });
  assert.equal((await describe('update')).status, 'IN_PROGRESS');
  await device('POST', 't2/jobs/update', { status: 'FAILED' });
  const { status, completedAt, jobProcessDetails } = await describe('update');
  assert.deepEqual(
    [status, completedAt?.getTime(), jobProcessDetails?.numberOfFailedThings],
    ['COMPLETED', seconds * 1000, 1],
  );
  assert.deepEqual((await execution('update', 't1')).statusDetails, { detailsMap: { step: 'a' } });
  assert.equal((await device('GET', 't1/jobs/$next')).execution, undefined);
});

test('a report that a device may not send is refused, and the execution stays unchanged', async () => {
  const { device, makeJob, execution } = await startJobs();
  await makeJob('update', ['t1']);
  const cases: [body: object, status: number, code: string, message: RegExp][] = [
    ...['CANCELED', 'TIMED_OUT', 'REMOVED', 'DONE'].map((status): (typeof cases)[number] => [
      { status },
      400,
      'InvalidRequestException',
      /status must be one of/,
    ]),
    [{ status: 'QUEUED' }, 409, 'InvalidStateTransitionException', /from QUEUED to QUEUED/],
    [
      { status: 'SUCCEEDED', expectedVersion: 9 },
      409,
      'InvalidStateTransitionException',
      /^Expected version 9 but found version 1$/,
    ],
    [{ status: 'SUCCEEDED', expectedVersion: 'x' }, 400, 'InvalidRequestException', /expectedVersion/],
    [{ status: 'SUCCEEDED', executionNumber: 2 }, 404, 'ResourceNotFoundException', /number 2/],
    [{ status: 'FAILED', statusDetails: { 'a b': 'c' } }, 400, 'InvalidRequestException', /"a b"/],
    [{ status: 'FAILED', stepTimeoutInMinutes: 5 }, 501, 'NotImplementedException', /stepTimeoutInMinutes/],
  ];
  for (const [body, status, code, message] of cases) {
    const answer = await device('POST', 't1/jobs/update', body);
    assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify(body));
    assert.match(answer.message ?? '', message);
  }
  assert.deepEqual((await execution('update', 't1')).versionNumber, 1);
  await device('POST', 't1/jobs/update', { status: 'SUCCEEDED' });
  const late = await device('POST', 't1/jobs/update', { status: 'FAILED' });
  assert.equal(late.code, 'InvalidStateTransitionException');
  assert.equal((await device('GET', 't1/jobs/update')).code, 'TerminalStateException');
  assert.equal((await device('GET', 't1/jobs/other')).code, 'ResourceNotFoundException');
  assert.equal((await device('GET', 'nobody/jobs')).code, 'ResourceNotFoundException');
  assert.equal((await device('POST', 't1/jobs')).code, 'NotImplementedException');
  const inQuery = await device('PUT', 't1/jobs/$next?statusDetails=__proto__');
  assert.equal(inQuery.message, 'statusDetails must be an object');
});

test('a continuous job follows the groups it is for, and a snapshot does not', async () => {
  const { client, device, makeThing, describe, execution } = await startJobs();
  const group = (thingGroupName: string, parentGroupName?: string) =>
    client.send(new iotApi.CreateThingGroupCommand({ thingGroupName, parentGroupName }));
  const { thingGroupArn } = await group('fridges');
  await group('new-fridges', 'fridges');
  const move = (thingName: string, change: object) =>
    client.send(new iotApi.UpdateThingGroupsForThingCommand({ thingName, ...change }));
  await makeThing('early');
  await move('early', { thingGroupsToAdd: ['new-fridges'] });
  const create = (jobId: string, targetSelection: iotApi.TargetSelection) =>
    client.send(
      new iotApi.CreateJobCommand({ jobId, targets: [thingGroupArn!], document: DOCUMENT, targetSelection }),
    );
  await create('all', 'CONTINUOUS');
  await create('once', 'SNAPSHOT');
  await makeThing('late');
  await move('late', { thingGroupsToAdd: ['fridges'] });
  const queued = async (thing: string) =>
    (await device('GET', `${thing}/jobs`)).queuedJobs?.map(({ jobId }) => jobId);
  assert.deepEqual([await queued('early'), await queued('late')], [['all', 'once'], ['all']]);
  await move('early', { thingGroupsToRemove: ['new-fridges'] });
  assert.equal((await execution('all', 'early')).status, 'REMOVED');
  assert.deepEqual(await queued('early'), ['once']);
  await device('POST', 'late/jobs/all', { status: 'SUCCEEDED' });
  assert.equal((await describe('all')).status, 'IN_PROGRESS'); // more things may come
  const { jobs } = await client.send(new iotApi.ListJobsCommand({ targetSelection: 'CONTINUOUS' }));
  assert.deepEqual(
    jobs?.map(({ jobId }) => jobId),
    ['all'],
  );
});

test('a thing that is deleted holds no job open, and a new one of its name starts afresh', async () => {
  const { client, device, makeJob, makeThing, describe } = await startJobs();
  await makeJob('update', ['t1', 't2']);
  await device('POST', 't1/jobs/update', { status: 'SUCCEEDED' });
  await client.send(new iotApi.DeleteThingCommand({ thingName: 't2' }));
  const { status, jobProcessDetails } = await describe('update');
  assert.deepEqual([status, jobProcessDetails?.numberOfRemovedThings], ['COMPLETED', 1]);
  await makeThing('t2');
  const { executionSummaries } = await client.send(
    new iotApi.ListJobExecutionsForThingCommand({ thingName: 't2' }),
  );
  assert.deepEqual(executionSummaries, []);
});

test('jobs and executions are canceled and deleted as AWS allows it', async () => {
  const { client, device, makeJob, describe, execution } = await startJobs();
  await makeJob('update', ['queued', 'running']);
  await device('PUT', 'running/jobs/$next', {});
  const cancelOne = (thingName: string, more: object = {}) =>
    client.send(new iotApi.CancelJobExecutionCommand({ jobId: 'update', thingName, ...more }));
  const remove = (more: object = {}) =>
    client.send(new iotApi.DeleteJobCommand({ jobId: 'update', ...more }));
  await assert.rejects(cancelOne('running'), { name: 'InvalidStateTransitionException' });
  await assert.rejects(cancelOne('queued', { expectedVersion: 5 }), {
    name: 'VersionConflictException',
    message: 'Expected version 5 but found version 1',
  });
  await assert.rejects(remove(), { name: 'InvalidStateTransitionException' });
  await client.send(new iotApi.CancelJobCommand({ jobId: 'update', comment: 'rollback' }));
  const canceled = await describe('update');
  assert.deepEqual([canceled.status, canceled.comment], ['CANCELED', 'rollback']);
  assert.equal((await execution('update', 'queued')).status, 'CANCELED');
  assert.equal((await execution('update', 'running')).status, 'IN_PROGRESS');
  await cancelOne('running', { force: true, statusDetails: { why: 'late' } });
  const { status, forceCanceled, statusDetails } = await execution('update', 'running');
  assert.deepEqual([status, forceCanceled, statusDetails?.detailsMap], ['CANCELED', true, { why: 'late' }]);
  await assert.rejects(client.send(new iotApi.CancelJobCommand({ jobId: 'update' })), {
    name: 'InvalidRequestException',
  });
  await remove();
  await assert.rejects(describe('update'), { name: 'ResourceNotFoundException' });
});

test('a job that AWS would refuse is not created', async () => {
  const { client, makeJob, makeThing } = await startJobs();
  await makeJob('taken', ['t1']);
  const t2 = await makeThing('t2');
  const create = (changes: object) =>
    client.send(new iotApi.CreateJobCommand({ jobId: 'new', targets: [t2], document: DOCUMENT, ...changes }));
  const cases: [object, string][] = [
    [{ jobId: 'taken' }, 'ResourceAlreadyExistsException'],
    [{ jobId: 'a:b' }, 'InvalidRequestException'],
    [{ jobId: 'j'.repeat(65) }, 'InvalidRequestException'],
    [{ targets: [t2.replace('us-east-1', 'eu-central-1')] }, 'ResourceNotFoundException'],
    [{ targets: [t2, `${t2}x`] }, 'ResourceNotFoundException'],
    [{ targets: [] }, 'InvalidRequestException'],
    [{ targetSelection: 'ROLLING' }, 'InvalidRequestException'],
    [{ document: 'no JSON' }, 'InvalidRequestException'],
    [{ timeoutConfig: { inProgressTimeoutInMinutes: 5 } }, 'NotImplementedException'],
  ];
  for (const [changes, name] of cases)
    await assert.rejects(create(changes), { name }, JSON.stringify(changes));
  const { jobs } = await client.send(new iotApi.ListJobsCommand({}));
  assert.equal(jobs?.length, 1);
});

test('jobs outlive a restart, with what happened to things meanwhile', async () => {
  const first = await startJobs();
  await first.makeJob('update', ['t1', 't2']);
  await first.device('PUT', 't1/jobs/$next', {});
  await first.jobs.close();
  await first.client.send(new iotApi.DeleteThingCommand({ thingName: 't2' }));
  await first.iot.close();
  await first.stop();
  const { execution, describe } = await startJobs(first.dir);
  assert.equal((await execution('update', 't1')).status, 'IN_PROGRESS');
  assert.equal((await describe('update')).jobProcessDetails?.numberOfRemovedThings, 1);
});
