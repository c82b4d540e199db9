// CloudWatch Logs reads over the files of functions and rules.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { readFilterPattern } from '../../lambda/filter-pattern.ts';
import { createLogsHandler } from '../../lambda/log-groups-api.ts';
import { createMadeLogGroups } from '../../rules/made-log-groups.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';

const [one, two] = ['2026-12-01T10:00:00.000Z', '2026-12-01T10:00:05.000Z'];

async function open() {
  const dir = temporaryFolder();
  const group = (name: string, file: string, isJson: boolean) => ({
    ...{ name, arn: `arn:aws:logs:us-east-1:000000000000:log-group:${name}` },
    ...{ file: path.join(dir, file), isJson },
  });
  writeFileSync(path.join(dir, 'A.log.1'), `START RequestId: 1\n${one}\t1\tINFO\tfirst\nEND RequestId: 1\n`);
  writeFileSync(path.join(dir, 'A.log'), `START RequestId: 2\n${two}\t2\tERROR\tsecond\nEND RequestId: 2\n`);
  writeFileSync(path.join(dir, 'lines.log'), '{"timestamp":5,"message":"{\\"t\\":1}"}\n{"timest');
  const groups = [
    group('/aws/lambda/a', 'A.log', false),
    group('/devices', 'lines.log', true),
    group('/none', 'x', true),
  ];
  const arnOf = (name: string) => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;
  const made = createMadeLogGroups(path.join(dir, 'groups'), arnOf);
  const handler = createLogsHandler({ groups, made, startedAt: 1 });
  const server = await serve({ logs: handler }, createRecordingLog());
  cleanup(() => server.close());
  return async (operation: string, input: object) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Logs_20140328.${operation}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/logs/aws4_request',
      },
      body: JSON.stringify(input),
    });
    return JSON.parse((await response.text()) || '{}') as Record<string, unknown>;
  };
}

const textOf = ({ timestamp, message }: { timestamp: number; message: string }) =>
  `${new Date(timestamp).toISOString().slice(17, 19)} ${message.split('\t').at(-1)}`;

test('a client creates a group for rules and deletes it, and none that the template has', async () => {
  const call = await open();
  const typeOf = async (operation: string, logGroupName: string) =>
    (await call(operation, { logGroupName }))['__type'];
  const names = async () => {
    const { logGroups } = await call('DescribeLogGroups', { logGroupNamePrefix: '/iot' });
    return (logGroups as { logGroupName: string }[]).map(({ logGroupName }) => logGroupName);
  };
  assert.equal(await typeOf('CreateLogGroup', '/iot/rules'), undefined);
  assert.equal(await typeOf('CreateLogGroup', '/iot/rules'), 'ResourceAlreadyExistsException');
  assert.equal(await typeOf('CreateLogGroup', '/devices'), 'ResourceAlreadyExistsException');
  assert.equal(await typeOf('CreateLogGroup', 'a b'), 'InvalidParameterException');
  assert.deepEqual(await names(), ['/iot/rules']);
  assert.equal(await typeOf('DeleteLogGroup', '/devices'), 'OperationAbortedException');
  assert.equal(await typeOf('DeleteLogGroup', '/iot/rules'), undefined);
  assert.deepEqual(await names(), []);
});

test('groups and streams are listed', async () => {
  const call = await open();
  const { logGroups } = (await call('DescribeLogGroups', { logGroupNamePrefix: '/aws' })) as {
    logGroups: { logGroupName: string }[];
  };
  assert.deepEqual(
    logGroups.map(({ logGroupName }) => logGroupName),
    ['/aws/lambda/a'],
  );
  const { logStreams } = (await call('DescribeLogStreams', { logGroupName: '/aws/lambda/a' })) as {
    logStreams: { firstEventTimestamp: number; lastEventTimestamp: number }[];
  };
  assert.deepEqual(
    [logStreams[0]!.firstEventTimestamp, logStreams[0]!.lastEventTimestamp],
    [one, two].map(Date.parse),
  );
  assert.deepEqual((await call('DescribeLogStreams', { logGroupName: '/none' }))['logStreams'], []);
  assert.equal(
    (await call('DescribeLogStreams', { logGroupName: '/x' }))['__type'],
    'ResourceNotFoundException',
  );
});

test('lines of both files have the time of their invocation, and are filtered by term and time', async () => {
  const call = await open();
  const filter = async (input: object) => {
    const { events } = (await call('FilterLogEvents', { logGroupName: '/aws/lambda/a', ...input })) as {
      events: { timestamp: number; message: string }[];
    };
    return events.map(textOf);
  };
  assert.deepEqual(await filter({}), [
    ...['00 START RequestId: 1', '00 first', '00 END RequestId: 1'],
    ...['05 START RequestId: 2', '05 second', '05 END RequestId: 2'],
  ]);
  assert.deepEqual(await filter({ filterPattern: 'ERROR' }), ['05 second']);
  assert.deepEqual(await filter({ startTime: Date.parse(two), limit: 1 }), ['05 START RequestId: 2']);
});

test('log lines of rules are read as events, and a truncated line unchanged', async () => {
  const call = await open();
  const { events } = (await call('GetLogEvents', { logGroupName: '/devices', logStreamName: 'local' })) as {
    events: { timestamp: number; message: string }[];
  };
  assert.deepEqual(
    events.map(({ timestamp, message }) => [timestamp, message]),
    [
      [5, '{"t":1}'],
      [5, '{"timest'],
    ],
  );
});

const patterns: readonly (readonly [pattern: string, line: string, matches: boolean])[] = [
  ['', 'anything', true],
  ['ERROR timeout', 'ERROR: timeout', true],
  ['ERROR timeout', 'ERROR', false],
  ['"two words"', 'with two words', true],
  ['"two words"', 'two other words', false],
  ['ERROR -timeout', 'ERROR timeout', false],
  ['?a ?b', 'b', true],
  ['?a ?b', 'c', false],
];
for (const [pattern, line, matches] of patterns) {
  test(`the pattern ${pattern || '(none)'} ${matches ? 'takes' : 'leaves out'} ${line}`, () =>
    assert.equal(readFilterPattern(pattern)(line), matches));
}

test('a pattern of JSON is refused by name', () => {
  assert.throws(
    () => readFilterPattern('{ $.a = 1 }'),
    /does not support the filter pattern \{ \$\.a = 1 \}/,
  );
});
