// AWS IoT Jobs over MQTT: the answers to a device, and the notifications of its pending jobs.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as iotApi from '@aws-sdk/client-iot';
import { eventually } from '../../../../tests/support/waiting.ts';
import { startJobs } from './fixture.ts';

const timestamp = Date.parse('2026-11-20T12:00:00Z') / 1000;
const document = { operation: 'reboot' };

/** A connected device that keeps what it receives about its jobs, and asks over the same connection. */
async function startDevice(thing = 't1') {
  const jobs = await startJobs();
  const mqtt = await jobs.connect(thing);
  const heard: { topic: string; payload: Record<string, unknown> }[] = [];
  const base = `$aws/things/${thing}/jobs/`;
  mqtt.on('message', (topic, payload) => {
    heard.push({
      topic: topic.slice(base.length),
      payload: JSON.parse(payload.toString()) as Record<string, unknown>,
    });
  });
  const kinds = ['notify', 'notify-next', '+/accepted', '+/rejected', '+/+/accepted', '+/+/rejected'];
  await mqtt.subscribeAsync(
    kinds.map((kind) => base + kind),
    { qos: 1 },
  );
  /** Waits for `count` messages, and gives and forgets them. */
  const receive = async (count: number) => {
    await eventually(`${count} messages`, () => heard.length >= count);
    return heard.splice(0);
  };
  const ask = async (topic: string, payload: object | string, count: number) => {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await mqtt.publishAsync(base + topic, text, { qos: 1 });
    return receive(count);
  };
  return { ...jobs, receive, ask };
}

const topicsOf = (messages: readonly { topic: string }[]) => messages.map(({ topic }) => topic);
const summary = (jobId: string, versionNumber = 1) => ({
  ...{ jobId, queuedAt: timestamp, lastUpdatedAt: timestamp, versionNumber, executionNumber: 1 },
});

test('a new job is announced on notify, and on notify-next if it is the first', async () => {
  const { makeJob, receive, client } = await startDevice();
  await makeJob('j1', ['t1']);
  assert.deepEqual(await receive(2), [
    { topic: 'notify', payload: { timestamp, jobs: { QUEUED: [summary('j1')] } } },
    {
      topic: 'notify-next',
      payload: {
        timestamp,
        execution: { ...summary('j1'), thingName: 't1', status: 'QUEUED', jobDocument: document },
      },
    },
  ]);
  await makeJob('j2', ['t1']);
  assert.deepEqual(await receive(1), [
    { topic: 'notify', payload: { timestamp, jobs: { QUEUED: [summary('j1'), summary('j2')] } } },
  ]);
  await client.send(new iotApi.DeleteJobCommand({ jobId: 'j1', force: true }));
  assert.deepEqual(topicsOf(await receive(2)), ['notify', 'notify-next']);
});

test('a device starts, updates and finishes a job', async () => {
  const { makeJob, receive, ask } = await startDevice();
  await makeJob('j1', ['t1']);
  await receive(2);
  const clientToken = 'c1';
  const [pending] = await ask('get', { clientToken }, 1);
  assert.deepEqual(pending, {
    topic: 'get/accepted',
    payload: { clientToken, timestamp, inProgressJobs: [], queuedJobs: [summary('j1')] },
  });
  const [next] = await ask('$next/get', {}, 1);
  assert.equal((next!.payload['execution'] as { status: string }).status, 'QUEUED');
  // The first stays the first, so nothing is announced.
  assert.deepEqual(topicsOf(await ask('start-next', '', 1)), ['start-next/accepted']);
  const update = { status: 'IN_PROGRESS', includeJobExecutionState: true, includeJobDocument: true };
  const [updated] = await ask('j1/update', update, 1);
  assert.deepEqual(updated?.payload, {
    ...{ timestamp, jobDocument: document, executionState: { status: 'IN_PROGRESS', versionNumber: 3 } },
  });
  const finished = await ask('j1/update', { status: 'SUCCEEDED', clientToken }, 3);
  assert.deepEqual(finished, [
    { topic: 'j1/update/accepted', payload: { clientToken, timestamp } },
    { topic: 'notify', payload: { timestamp, jobs: {} } },
    { topic: 'notify-next', payload: { timestamp } },
  ]);
});

test('requests that are refused say why, with the state where it matters', async () => {
  const { makeJob, receive, ask } = await startDevice();
  await makeJob('j1', ['t1']);
  await receive(2);
  const state = { status: 'QUEUED', versionNumber: 1 };
  const cases: [topic: string, payload: object | string, code: string, executionState?: object][] = [
    ['get', '{no json', 'InvalidJson'],
    ['get', '[1, 2]', 'InvalidJson'],
    ['j1/update', { status: 'SUCCEEDED', expectedVersion: 99 }, 'VersionMismatch', state],
    ['j1/update', { status: 'QUEUED' }, 'InvalidStateTransition', state],
    ['j1/update', { status: 'TIMED_OUT' }, 'InvalidRequest'],
    ['other/update', { status: 'SUCCEEDED' }, 'ResourceNotFound'],
    ['j1/update', { status: 'SUCCEEDED', stepTimeoutInMinutes: 1 }, 'InvalidRequest'],
  ];
  for (const [topic, payload, code, executionState] of cases) {
    const [answer] = await ask(topic, payload, 1);
    assert.equal(answer?.topic, `${topic}/rejected`);
    assert.deepEqual(
      [answer.payload['code'], answer.payload['executionState'], answer.payload['timestamp']],
      [code, executionState, timestamp],
    );
  }
  await ask('j1/update', { status: 'SUCCEEDED' }, 3);
  const [ended] = await ask('j1/get', {}, 1);
  assert.equal(ended?.payload['code'], 'TerminalStateReached');
});

test('answers go to the device that asked, and to no other', async () => {
  const { connect, makeJob, ask, receive } = await startDevice();
  await makeJob('j1', ['t1']);
  await receive(2);
  const other = await connect('other');
  const heard: string[] = [];
  other.on('message', (topic) => heard.push(topic));
  await other.subscribeAsync('$aws/things/t1/jobs/#', { qos: 1 });
  await ask('start-next', {}, 1);
  await ask('j1/update', { status: 'SUCCEEDED' }, 3);
  await eventually('the notifications', () => heard.includes('$aws/things/t1/jobs/notify-next'));
  assert.ok(!heard.some((topic) => topic.endsWith('/accepted')));
});
