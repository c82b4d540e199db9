// Asynchronous events: retried on Lambda's schedule, then kept in the failure destination, and never forgotten.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { startTime, start } from './fixture.ts';

const s3Destination = { onFailure: { type: 's3', arn: 'arn:aws:s3:::tidegate-errors' } } as const;
const failing = `export const handler = async () => { throw new Error('no luck'); };`;

/** A handler that fails until its file says enough. */
const failsTimes = (file: string, times: number) => `import { appendFileSync, readFileSync } from 'node:fs';
  export const handler = async () => {
    appendFileSync(${JSON.stringify(file)}, 'x');
    if (readFileSync(${JSON.stringify(file)}, 'utf8').length <= ${times}) throw new Error('not yet');
  };`;

async function scratch(): Promise<string> {
  const dir = temporaryFolder();
  await appendFile(path.join(dir, 'attempts'), '');
  return dir;
}

test('retries after one minute and after two more, and is then done', async () => {
  const dir = await scratch();
  const attempts = path.join(dir, 'attempts');
  const { lambda, clock, counters, stored } = await start({
    Flaky: { source: failsTimes(attempts, 2), async: s3Destination },
  });
  let done = false;
  const finished = lambda.invokeAsync('tidegate-Flaky', '{}').then(() => (done = true));
  const failedTimes = (n: number) => eventually(`${n} failures`, () => counters.get('lambda.retries') === n);
  await failedTimes(1);
  await clock.advance(59_999);
  assert.equal((await readFile(attempts, 'utf8')).length, 1);
  await clock.advance(1);
  await failedTimes(2);
  await clock.advance(119_999);
  assert.equal((await readFile(attempts, 'utf8')).length, 2);
  assert.equal(done, false);
  await clock.advance(1);
  await finished;
  assert.equal((await readFile(attempts, 'utf8')).length, 3);
  assert.deepEqual(stored, []);
  assert.equal(counters.get('lambda.givenUp'), 0);
});

test('leaves the documented record in the bucket when all attempts have failed, digits kept', async () => {
  const { lambda, clock, counters, stored } = await start({
    Doomed: { source: failing, async: s3Destination },
  });
  const finished = lambda.invokeAsync('tidegate-Doomed', '{"n":12345678901234567890.10}');
  await eventually('the first failure', () => counters.get('lambda.retries') === 1);
  await clock.advance(60_000);
  await eventually('the second failure', () => counters.get('lambda.retries') === 2);
  await clock.advance(120_000);
  await finished;
  assert.equal(stored.length, 1);
  const { bucket, key, body } = stored[0]!;
  assert.equal(bucket, 'tidegate-errors');
  assert.match(
    key,
    /^aws\/lambda\/async\/tidegate-Doomed\/2026\/01\/02\/2026-01-02T03\.07\.05-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  );
  assert.match(body, /"requestPayload":\{"n":12345678901234567890\.10\}/);
  const record = JSON.parse(body) as {
    requestContext: Record<string, unknown>;
    responsePayload: Record<string, unknown>;
  };
  assert.match(String(record.requestContext['requestId']), /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    {
      ...record,
      requestPayload: 0,
      requestContext: { ...record.requestContext, requestId: 'id' },
      responsePayload: 0,
    },
    {
      version: '1.0',
      timestamp: '2026-01-02T03:07:05.000Z',
      requestContext: {
        requestId: 'id',
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Doomed:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload: 0,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: 0,
    },
  );
  assert.equal(record.responsePayload['errorType'], 'Error');
  assert.equal(record.responsePayload['errorMessage'], 'no luck');
});

test('gives up at once when the template allows no retries', async () => {
  const { lambda, stored } = await start({
    Once: { source: failing, async: { ...s3Destination, maximumRetryAttempts: 0 } },
  });
  await lambda.invokeAsync('tidegate-Once', '{}');
  assert.match(stored[0]!.body, /"condition":"RetriesExhausted","approximateInvokeCount":1/);
});

test('gives up when the next attempt would be later than the maximum age of the event', async () => {
  const { lambda, clock, counters, stored } = await start({
    Old: { source: failing, async: { ...s3Destination, maximumEventAgeSeconds: 100 } },
  });
  const finished = lambda.invokeAsync('tidegate-Old', '{}');
  await eventually('the first failure', () => counters.get('lambda.retries') === 1);
  await clock.advance(60_000);
  await finished;
  assert.match(stored[0]!.body, /"condition":"EventAgeExceeded","approximateInvokeCount":2/);
});

test('sends events to the destination unrun when the reserved concurrency is zero', async () => {
  const { lambda, stored } = await start({
    Off: { source: failing, reservedConcurrency: 0, async: s3Destination },
  });
  await lambda.invokeAsync('tidegate-Off', '[1]');
  const record = JSON.parse(stored[0]!.body) as Record<string, unknown>;
  assert.equal((record['requestContext'] as Record<string, unknown>)['condition'], 'ZeroReservedConcurrency');
  assert.equal(record['responsePayload'], undefined);
  await assert.rejects(lambda.invoke('tidegate-Off', '{}'), {
    code: 'TooManyRequestsException',
    status: 429,
  });
});

test('tries the failure destination again until it takes the record', async () => {
  let refusals = 2;
  const stored: string[] = [];
  const s3 = async (_bucket: string, key: string) => {
    if (refusals > 0) {
      refusals -= 1;
      throw new Error('disk full');
    }
    stored.push(key);
  };
  const { lambda, clock, logged } = await start(
    { Sad: { source: failing, async: { ...s3Destination, maximumRetryAttempts: 0 } } },
    { destinations: { s3 } },
  );
  const finished = lambda.invokeAsync('tidegate-Sad', '{}');
  const refused = () =>
    logged.filter(({ message }) => message.startsWith('failure destination cannot be written')).length;
  await eventually('the first refusal', () => refused() === 1);
  await clock.advance(1_000);
  await eventually('the second refusal', () => refused() === 2);
  assert.equal(stored.length, 0);
  await clock.advance(2_000);
  await finished;
  assert.equal(stored.length, 1);
});

test('logs the loss of an event whose function has no failure destination', async () => {
  const { lambda, logged, counters } = await start({
    Bare: { source: failing, async: { maximumRetryAttempts: 0 } },
  });
  await lambda.invokeAsync('tidegate-Bare', '{}');
  const [entry] = logged;
  assert.equal(entry?.level, 'error');
  assert.match(entry.message, /^event lost/);
  assert.equal(entry.fields['function'], 'Bare');
  assert.equal(counters.get('lambda.lost'), 1);
});

test('sends the record to an SNS topic and to another function', async () => {
  const published: { topicArn: string; message: string }[] = [];
  const dir = await scratch();
  const file = path.join(dir, 'record');
  const { lambda } = await start(
    {
      ToTopic: {
        source: failing,
        async: {
          maximumRetryAttempts: 0,
          onFailure: { type: 'sns', arn: 'arn:aws:sns:us-east-1:000000000000:t' },
        },
      },
      ToFunction: {
        source: failing,
        async: {
          maximumRetryAttempts: 0,
          onFailure: {
            type: 'lambda',
            arn: 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Keeper',
          },
        },
      },
      Keeper: {
        source: `import { writeFileSync } from 'node:fs';
          export const handler = (event) => writeFileSync(${JSON.stringify(file)}, event.requestContext.condition);`,
      },
    },
    { destinations: { sns: async (input) => void published.push(input) } },
  );
  await lambda.invokeAsync('tidegate-ToTopic', '{}');
  assert.match(published[0]!.message, /"condition":"RetriesExhausted"/);
  await lambda.invokeAsync('tidegate-ToFunction', '{}');
  assert.equal(await readFile(file, 'utf8'), 'RetriesExhausted');
});

test('refuses a failure destination that the local cloud does not have', async () => {
  const onFailure = { type: 'sqs', arn: 'arn:aws:sqs:us-east-1:000000000000:q' } as const;
  await assert.rejects(start({ Queue: { source: failing, async: { onFailure } } }), {
    name: 'StartError',
    message:
      /^template\.yaml:7: Queue: a failure destination of type sqs is not supported .*: use an S3 bucket$/,
  });
});

test('leaves an event unfinished when it is closed, so that its owner repeats it', async () => {
  const { lambda, counters, stored, clock } = await start({
    Doomed: { source: failing, async: s3Destination },
  });
  let finished = false;
  void lambda.invokeAsync('tidegate-Doomed', '{}').then(() => (finished = true));
  await eventually('the first failure', () => counters.get('lambda.retries') === 1);
  await lambda.drain(5_000);
  await lambda.close();
  await clock.advance(600_000);
  assert.equal(finished, false);
  assert.deepEqual(stored, []);
});

test('leaves an event unfinished that was running when it was closed', async () => {
  const { lambda, stored } = await start({
    Slow: {
      source: `export const handler = () => new Promise(() => console.log('begun'));`,
      async: { ...s3Destination, maximumRetryAttempts: 0 },
    },
  });
  await lambda.ready();
  let finished = false;
  void lambda.invokeAsync('tidegate-Slow', '{}').then(() => (finished = true));
  await lambda.drain(50);
  await lambda.close();
  await new Promise(setImmediate);
  assert.equal(finished, false);
  assert.deepEqual(stored, []);
});

test('drains running and waiting events', async () => {
  const { lambda, counters } = await start({
    Slow: { source: `export const handler = () => new Promise((resolve) => setTimeout(resolve, 20));` },
  });
  await lambda.ready();
  for (let i = 0; i < 5; i += 1) void lambda.invokeAsync('tidegate-Slow', String(i));
  await lambda.drain(10_000);
  assert.equal(counters.get('lambda.invocations'), 5);
});

test('resumes after a restart the events that an earlier process left in the spool, and none that it never accepted', async () => {
  const dir = await scratch();
  const attempts = path.join(dir, 'attempts');
  const first = await start({ Slow: { source: failing } }, { dir });
  const spool = path.join(dir, 'spool');
  const { createSpool } = await import('../../lambda/spool.ts');
  const left = createSpool(spool);
  await left.keep({
    requestId: 'r1',
    functionName: 'tidegate-Slow',
    source: ['key'],
    payload: '{"a":"line\\nbreak"}',
  });
  await left.keep({ requestId: 'r2', functionName: 'tidegate-Gone', source: [], payload: '{}' });
  await writeFile(path.join(spool, '1-x.event.tmp'), 'half');
  await first.lambda.close();
  const second = await start({ Slow: { source: failsTimes(attempts, 0) } }, { dir });
  await second.lambda.ready();
  await eventually('the event finished', async () => (await readdir(spool)).length === 1);
  assert.equal((await readFile(attempts, 'utf8')).length, 1);
  assert.match(second.logged[0]!.message, /no longer has its function/);
  assert.ok(startTime > 0);
});
