// The environment of a handler, and the end of one that misbehaves.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { start } from './fixture.ts';

test('gives the handler its event and answers with its result', async () => {
  const { lambda } = await start({
    Echo: { source: 'export const handler = async (event: unknown) => ({ got: event });' },
  });
  const result = await lambda.invoke('tidegate-Echo', '{"a":[1,"ü"]}');
  assert.deepEqual(JSON.parse(result.payload), { got: { a: [1, 'ü'] } });
  assert.equal(result.functionError, undefined);
});

test('answers null for a handler that returns nothing, and takes a handler that is not async', async () => {
  const { lambda } = await start({
    Nothing: { source: 'export const handler = async () => {};' },
    Plain: { source: 'export const handler = () => 5;' },
  });
  assert.equal((await lambda.invoke('tidegate-Nothing', '{}')).payload, 'null');
  assert.equal((await lambda.invoke('tidegate-Plain', '{}')).payload, '5');
});

test('imports the handler once and keeps its state between events', async () => {
  const { lambda } = await start({
    Counter: { source: 'let n = 0; export const handler = async () => (n += 1);' },
  });
  const answers = [];
  for (let i = 0; i < 3; i += 1) answers.push((await lambda.invoke('tidegate-Counter', '{}')).payload);
  assert.deepEqual(answers, ['1', '2', '3']);
});

test('shows the handler its context and a Lambda environment, and nothing of this machine', async () => {
  process.env['TIDEGATE_TEST_SECRET'] = 'host';
  process.env['AWS_SESSION_TOKEN'] = 'host';
  cleanup(() => {
    delete process.env['TIDEGATE_TEST_SECRET'];
    delete process.env['AWS_SESSION_TOKEN'];
  });
  const { lambda } = await start({
    Look: {
      source: `export const handler = async (_event, context) => {
        const left = context.getRemainingTimeInMillis();
        for (const from = performance.now(); performance.now() - from < 20; );
        const later = context.getRemainingTimeInMillis();
        return {
          env: { ...process.env }, argv: process.execArgv,
          context: { ...context, left, later, getRemainingTimeInMillis: undefined },
        };
      };`,
      // An empty endpoint is none, to the SDK as well.
      environment: { TABLE: 't1', AWS_ACCESS_KEY_ID: 'from the template', AWS_ENDPOINT_URL: '' },
      timeoutSeconds: 30,
      memoryMb: 256,
    },
  });
  const { env, argv, context } = JSON.parse((await lambda.invoke('tidegate-Look', '{}')).payload) as {
    env: Record<string, string>;
    argv: string[];
    context: Record<string, unknown>;
  };
  assert.equal(env['TABLE'], 't1');
  assert.equal(env['AWS_ACCESS_KEY_ID'], 'local');
  assert.equal(env['AWS_ENDPOINT_URL'], 'http://127.0.0.1:4566');
  assert.equal(env['AWS_REGION'], 'us-east-1');
  assert.equal(env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'], '256');
  assert.equal(env['_HANDLER'], 'Look.handler');
  assert.equal(Object.values(env).includes('host'), false);
  assert.equal(env['HOME'], undefined);
  assert.deepEqual(argv, []);
  assert.equal(context['functionName'], 'tidegate-Look');
  assert.equal(context['invokedFunctionArn'], 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Look');
  assert.equal(context['memoryLimitInMB'], '256');
  assert.match(String(context['awsRequestId']), /^[0-9a-f-]{36}$/);
  assert.ok(Number(context['left']) > 20_000 && Number(context['left']) <= 30_000);
  assert.ok(Number(context['later']) <= Number(context['left']) - 19, String(context['later']));
});

const misbehaviours: readonly { title: string; source: string; type: string; message: RegExp }[] = [
  {
    title: 'a handler that throws',
    source: `export const handler = async () => { throw new RangeError('too far'); };`,
    type: 'RangeError',
    message: /^too far$/,
  },
  {
    title: 'a handler that throws something that is not an error',
    source: `export const handler = async () => { throw 'plain text'; };`,
    type: 'string',
    message: /^plain text$/,
  },
  {
    title: 'a handler that throws something that cannot be described',
    source: `export const handler = async () => { throw { toString() { throw new Error('no'); } }; };`,
    type: 'Error',
    message: /cannot be described/,
  },
  {
    title: 'a handler that exits',
    source: `export const handler = async () => process.exit(3);`,
    type: 'Runtime.ExitError',
    message: /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/,
  },
  {
    title: 'a handler that exits without a failure',
    source: `export const handler = async () => process.exit(0);`,
    type: 'Runtime.ExitError',
    message: /Runtime exited without providing a reason$/,
  },
  {
    title: 'an exception that nobody catches',
    source: `export const handler = () => new Promise(() => setTimeout(() => { throw new TypeError('later'); }, 1));`,
    type: 'TypeError',
    message: /^later$/,
  },
  {
    title: 'a rejection that nobody handles',
    source: `export const handler = () => new Promise(() => void Promise.reject(new Error('lost')));`,
    type: 'Runtime.UnhandledPromiseRejection',
    message: /^Error: lost$/,
  },
  {
    title: 'a result that is not JSON',
    source: `export const handler = async () => ({ n: 1n });`,
    type: 'Runtime.MarshalError',
    message: /Unable to stringify response body/,
  },
  {
    title: 'a result over 6 MB',
    source: `export const handler = async () => 'x'.repeat(7_000_000);`,
    type: 'Function.ResponseSizeTooLarge',
    message: /exceeded maximum allowed payload size \(6291556 bytes\)/,
  },
  {
    title: 'a promise that never settles',
    source: `export const handler = () => new Promise(() => {});`,
    type: 'Sandbox.Timedout',
    message: /Task timed out after 1.00 seconds$/,
  },
  {
    title: 'a loop that never ends',
    source: `export const handler = async () => { for (;;); };`,
    type: 'Sandbox.Timedout',
    message: /Task timed out after 1.00 seconds$/,
  },
];

for (const { title, source, type, message } of misbehaviours) {
  test(`answers ${title} with ${type}, and the next event as if nothing had been`, async () => {
    const gated = `${source.replace('export const handler', 'const bad')}
      export const handler = (event: { bad: boolean }) => (event.bad ? bad() : 'fine');`;
    const { lambda } = await start({ Bad: { source: gated, timeoutSeconds: 1 } });
    const failed = await lambda.invoke('tidegate-Bad', '{"bad":true}');
    assert.equal(failed.functionError, 'Unhandled');
    const document = JSON.parse(failed.payload) as { errorType: string; errorMessage: string };
    assert.equal(document.errorType, type);
    assert.match(document.errorMessage, message);
    assert.equal((await lambda.invoke('tidegate-Bad', '{}')).payload, '"fine"');
  });
}

test('ends only the environment when a handler takes more memory than it has', async () => {
  const source = `export const handler = (event: { bad: boolean }) => {
    const all: unknown[] = [];
    while (event.bad) all.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
    return 'fine';
  };`;
  const { lambda } = await start({ Greedy: { source, memoryMb: 64, timeoutSeconds: 30 } });
  const failed = await lambda.invoke('tidegate-Greedy', '{"bad":true}');
  assert.equal((JSON.parse(failed.payload) as { errorType: string }).errorType, 'Runtime.OutOfMemory');
  assert.equal((await lambda.invoke('tidegate-Greedy', '{}')).payload, '"fine"');
});

test('names each handler that cannot be imported, and the error', async () => {
  const cases = [
    [
      'throw new Error("no table"); export const handler = 1;',
      /BadFunction cannot be started: Error: no table$/,
    ],
    ['export const other = async () => 1;', /HandlerNotFound: handler is undefined or not a function/],
    ['export const handler = (a, b, c) => c(null, a, b);', /CallbackHandlerDeprecated/],
    ['process.exit(4); export const handler = async () => 1;', /ExitError: .*exit status 4$/],
  ] as const;
  for (const [source, message] of cases) {
    const good = { source: 'export const handler = () => 1;' };
    const { lambda } = await start({ First: good, BadFunction: { source }, Last: good });
    const problems = await lambda.importProblems();
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, message);
    assert.match(problems[0]!, /^template\.yaml:7: BadFunction cannot be started: /);
    assert.equal((await lambda.invoke('tidegate-Last', '{}')).payload, '1');
    assert.equal((await lambda.invoke('tidegate-BadFunction', '{}')).functionError, 'Unhandled');
  }
});

test('names a function whose NODE_OPTIONS a thread does not support', async () => {
  const { lambda } = await start({
    Options: { source: 'export const handler = () => 1;', environment: { NODE_OPTIONS: '--title=x' } },
  });
  const problems = await lambda.importProblems();
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /Options cannot be started: .*--title/);
});

test('runs as many events at once as there are environments, and the rest in the order of arrival', async () => {
  const source = `let busy = 0;
    export const handler = async (event: number) => {
      busy += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy -= 1;
      return [event, busy];
    };`;
  const { lambda } = await start({ Slow: { source } }, { maxEnvironments: 2 });
  const order: number[] = [];
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const { payload } = await lambda.invoke('tidegate-Slow', String(i));
      order.push(i);
      return JSON.parse(payload) as [number, number];
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 40 }, (_, i) => [i, 0]),
  );
  for (const [place, i] of order.entries()) assert.ok(Math.abs(place - i) <= 20, `${i} came as ${place}`);
});

test('writes what a handler prints into its log before it answers, with START, END and REPORT', async () => {
  const source = `export const handler = async () => {
    console.log('hello %s', 'there');
    process.stdout.write('{"raw":');
    process.stdout.write('true}\\n');
    console.error('half');
    process.stderr.write('no line end');
  };`;
  const { lambda, dir } = await start({ Talk: { source } });
  const { logTail } = await lambda.invoke('tidegate-Talk', '{}');
  const file = await readFile(path.join(dir, 'logs', 'Talk.log'), 'utf8');
  assert.equal(file, logTail);
  const id = /^START RequestId: (\S+) Version: \$LATEST$/m.exec(file)![1]!;
  const lines = file.split('\n');
  assert.match(lines[1]!, new RegExp(`^\\d{4}-.*Z\t${id}\tINFO\thello there$`));
  assert.equal(lines[2], '{"raw":true}');
  assert.match(lines[3]!, new RegExp(`\t${id}\tERROR\thalf$`));
  assert.equal(lines[4], 'no line end');
  assert.equal(lines[5], `END RequestId: ${id}`);
  assert.match(
    lines[6]!,
    /^REPORT RequestId: .*\tDuration: [\d.]+ ms\t.*Memory Size: 128 MB\tMax Memory Used: \d+ MB\t/,
  );
});

test('keeps what a handler printed before it crashed, and drops what a loop prints without end', async () => {
  const source = `export const handler = async (event: string) => {
    if (event === 'crash') { console.log('last words'); process.exit(1); }
    for (let i = 0; i < 20_000; i += 1) console.log('x'.repeat(1_000));
  };`;
  const { lambda, dir } = await start({ Loud: { source } });
  assert.match((await lambda.invoke('tidegate-Loud', '"crash"')).logTail, /INFO\tlast words\n/);
  const flood = await lambda.invoke('tidegate-Loud', '"flood"');
  assert.equal(flood.functionError, undefined);
  assert.match(flood.logTail, /output over 8388608 bytes is dropped\n/);
  assert.ok(Buffer.byteLength(flood.logTail) <= 4_096);
  const { length } = await readFile(path.join(dir, 'logs', 'Loud.log'));
  assert.ok(length < 9_000_000);
});

test('reports each embedded metric by namespace, name, value and dimensions', async () => {
  const line = {
    _aws: {
      Timestamp: 1,
      CloudWatchMetrics: [
        {
          Namespace: 'Tidegate',
          Dimensions: [['service'], ['service', 'reason']],
          Metrics: [{ Name: 'ReadingsRejected', Unit: 'Count' }, { Name: 'Missing' }],
        },
      ],
    },
    service: 'tidegate',
    reason: 'late',
    ReadingsRejected: [2, 1],
  };
  const source = `const line = ${JSON.stringify(JSON.stringify(line))};
    export const handler = async () => {
      process.stdout.write(line + '\\n');
      console.log('{"_aws": {"CloudWatchMetrics": 5}}');
      console.log('{"_aws" "CloudWatchMetrics" broken');
      console.log(line.replace('Tidegate', 'Prefixed').replace('[2,1]', '7'));
    };`;
  const { lambda, metrics } = await start({ Meter: { source } });
  await lambda.invoke('tidegate-Meter', '{}');
  const total = { service: 'tidegate' };
  const late = { service: 'tidegate', reason: 'late' };
  assert.deepEqual(metrics, [
    ['Tidegate', 'ReadingsRejected', 2, total],
    ['Tidegate', 'ReadingsRejected', 2, late],
    ['Tidegate', 'ReadingsRejected', 1, total],
    ['Tidegate', 'ReadingsRejected', 1, late],
    ['Prefixed', 'ReadingsRejected', 7, total],
    ['Prefixed', 'ReadingsRejected', 7, late],
  ]);
});

test('replaces an environment that dies between two events', async () => {
  const source = `let n = 0;
    export const handler = async () => { n += 1; setTimeout(() => process.exit(9), 1); return n; };`;
  const { lambda, dir } = await start({ Faint: { source } });
  const log = path.join(dir, 'logs', 'Faint.log');
  assert.equal((await lambda.invoke('tidegate-Faint', '{}')).payload, '1');
  await eventually('the end in the log', async () => /exit status 9/.test(await readFile(log, 'utf8')));
  assert.equal((await lambda.invoke('tidegate-Faint', '{}')).payload, '1');
});

test('asks for an event that is written late only when an environment is free for it', async () => {
  const source = `export const handler = async (event: unknown) => event;`;
  const { lambda, counters } = await start({ EchoFunction: { source, reservedConcurrency: 1 } });
  const finished: number[] = [];
  const write = () => {
    finished.push(counters.get('lambda.invocations'));
    return '1';
  };
  const invoked = Array.from({ length: 3 }, () => lambda.invoke('tidegate-EchoFunction', write));
  for (const { payload } of await Promise.all(invoked)) assert.equal(payload, '1');
  assert.deepEqual(finished, [0, 0, 1], 'an event is counted just after the next is written');
});
