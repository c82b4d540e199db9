// A call to a service that accepts a request and never answers ends in time and names the service; no function has a client without limits.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { AdminListGroupsForUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { DescribeThingCommand } from '@aws-sdk/client-iot';
import { GetThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PublishCommand } from '@aws-sdk/client-sns';
import { openDynamoDb } from '../../adapters/dynamodb-client.ts';
import { openIot } from '../../adapters/iot-client.ts';
import { openIotData } from '../../adapters/iot-data-client.ts';
import { openLambda } from '../../adapters/lambda-client.ts';
import { openS3 } from '../../adapters/s3-client.ts';
import { openSns } from '../../adapters/sns-client.ts';
import { openUserPool } from '../../adapters/user-pool-client.ts';
import {
  DYNAMODB_LIMITS,
  HOOK_LIMITS,
  IOT_LIMITS,
  KMS_LIMITS,
  LAMBDA_LIMITS,
  longestCallMs,
  S3_LIMITS,
  SNS_LIMITS,
  USER_POOL_LIMITS,
  type CallLimits,
} from '../../adapters/time-limits.ts';
import { functionsOf } from '../../packages/local-cloud/template/functions.ts';
import { cleanup } from '../support/cleanup.ts';
import { loadTidegate } from '../template/tidegate-template.ts';

/** Small values, so that the test is short. */
const limits: CallLimits = { attempts: 2, connectionMs: 150, answerMs: 150, waitMs: 300 };

type Habit = (socket: Socket) => void;

/** A server on a real socket; `habit` is what it does with a connection. */
async function listen(habit: Habit): Promise<{ readonly endpoint: string; readonly accepted: () => number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    habit(socket);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  cleanup(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, accepted: () => sockets.length };
}

const settings = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

type Call = (endpoint: string, limits: CallLimits) => Promise<unknown>;

const calls: readonly (readonly [service: string, operation: string, call: Call])[] = [
  [
    'DynamoDB',
    'GetItem',
    (endpoint, limits) =>
      openDynamoDb({ ...settings, endpoint, limits }).send(
        new GetItemCommand({ TableName: 't', Key: { id: { S: 'a' } } }),
      ),
  ],
  [
    'Amazon S3',
    'PutObject',
    (endpoint, limits) =>
      openS3({ ...settings, endpoint, limits, forcePathStyle: true }).send(
        new PutObjectCommand({ Bucket: 'errors', Key: 'k', Body: '{}' }),
      ),
  ],
  [
    'Amazon SNS',
    'Publish',
    (endpoint, { answerMs }) =>
      openSns({ ...settings, endpoint, answerMs }).send(new PublishCommand({ TopicArn: 't', Message: 'm' })),
  ],
  [
    'AWS IoT',
    'DescribeThing',
    (endpoint, limits) =>
      openIot({ ...settings, endpoint, limits }).send(new DescribeThingCommand({ thingName: 'a' })),
  ],
  [
    'AWS IoT',
    'GetThingShadow',
    (endpoint, limits) =>
      openIotData({ ...settings, endpoint, limits }).send(new GetThingShadowCommand({ thingName: 'a' })),
  ],
  [
    'AWS Lambda',
    'Invoke',
    (endpoint, limits) =>
      openLambda({ ...settings, endpoint, limits }).send(new InvokeCommand({ FunctionName: 'f' })),
  ],
  [
    'Amazon Cognito',
    'AdminListGroupsForUser',
    (endpoint, limits) =>
      openUserPool({ ...settings, endpoint, limits }).send(
        new AdminListGroupsForUserCommand({ UserPoolId: 'p', Username: 'a' }),
      ),
  ],
];

/** Headers at once, then a byte now and then: never silent for long, and never done. */
const trickle: Habit = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n');
  const timer = setInterval(() => socket.write(' '), 20);
  socket.on('close', () => clearInterval(timer));
};

for (const [service, operation, call] of calls) {
  test(`${service} that accepts and never answers ends ${operation} in time, with an error that names both`, async () => {
    const { endpoint, accepted } = await listen(() => undefined);
    const started = performance.now();
    await assert.rejects(call(endpoint, limits), (error: Error) => {
      assert.equal(error.name, 'TimeoutError');
      assert.equal(error.message, `${service} did not answer ${operation} in time: 2 attempts of 150 ms`);
      return true;
    });
    const took = performance.now() - started;
    assert.ok(took >= 2 * 145, `${took} ms: both attempts had their time`);
    assert.ok(took < 5000, `${took} ms`);
    assert.equal(accepted(), 2);
  });
}

test('an answer that never ends is given up when the time of all attempts is over', async () => {
  const { endpoint } = await listen(trickle);
  const started = performance.now();
  await assert.rejects(calls[0]![2](endpoint, limits), {
    name: 'TimeoutError',
    message: /^DynamoDB did not answer GetItem in time/,
  });
  const took = performance.now() - started;
  assert.ok(took >= longestCallMs(limits) - 5 && took < 5000, `${took} ms`);
});

test('a connection that is cut fails with the words of the SDK', async () => {
  const { endpoint } = await listen((socket) => socket.destroy());
  await assert.rejects(calls[0]![2](endpoint, limits), { code: 'ECONNRESET' });
});

const root = path.resolve(import.meta.dirname, '../..');
const textOf = (file: string) => readFileSync(path.join(root, file), 'utf8');
const filesIn = (folder: string) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);

test('SDK clients are created only in adapters/*-client.ts, and all have time limits', () => {
  const made = ['adapters', 'functions', 'pipeline', 'http-api'].flatMap(filesIn).flatMap((file) => {
    const names = [...textOf(file).matchAll(/new ([A-Za-z0-9]+Client)\(/g)].map(([, name]) => name);
    return names.map((name) => `${name} in ${file}`);
  });
  assert.deepEqual(made.sort(), [
    'CognitoIdentityProviderClient in adapters/user-pool-client.ts',
    'DynamoDBClient in adapters/dynamodb-client.ts',
    'IoTClient in adapters/iot-client.ts',
    'IoTDataPlaneClient in adapters/iot-data-client.ts',
    'KMSClient in adapters/kms-client.ts',
    'LambdaClient in adapters/lambda-client.ts',
    'S3Client in adapters/s3-client.ts',
    'SNSClient in adapters/sns-client.ts',
  ]);
  for (const file of made.map((each) => each.split(' in ')[1]!)) {
    assert.match(textOf(file), /withinLimits\(/, file);
    assert.match(textOf(file), /\.\.\.limitSettings\(limits\)/, file);
  }
});

/** The files that `file` imports, directly or not. */
function reached(file: string, known = new Set<string>()): Set<string> {
  if (known.has(file)) return known;
  known.add(file);
  for (const [, specifier] of textOf(file).matchAll(/from '(\.[^']+)';/g)) {
    reached(path.join(path.dirname(file), specifier!), known);
  }
  return known;
}

const limitsByFile: Readonly<Record<string, CallLimits>> = {
  'adapters/dynamodb-client.ts': DYNAMODB_LIMITS,
  'adapters/s3-client.ts': S3_LIMITS,
  'adapters/sns-client.ts': SNS_LIMITS,
  'adapters/iot-client.ts': IOT_LIMITS,
  'adapters/iot-data-client.ts': IOT_LIMITS,
  'adapters/kms-client.ts': KMS_LIMITS,
  'adapters/lambda-client.ts': LAMBDA_LIMITS,
  'adapters/user-pool-client.ts': USER_POOL_LIMITS,
};

test('every call that a function makes ends before the function has to', () => {
  const functions = functionsOf(loadTidegate({ IngestMode: 'stream' }));
  assert.equal(functions.length, 12);
  for (const { logicalId, timeoutSeconds, entryPoint } of functions) {
    const files = reached(path.relative(root, entryPoint));
    const clients = Object.keys(limitsByFile).filter((file) => files.has(file));
    assert.ok(clients.length > 0, logicalId);
    for (const file of clients) {
      const own = logicalId === 'ProvisionHookFunction' ? HOOK_LIMITS : limitsByFile[file]!;
      assert.ok(
        longestCallMs(own) < timeoutSeconds * 1000,
        `${file}: a call of ${logicalId} may take ${longestCallMs(own)} ms of ${timeoutSeconds} s`,
      );
    }
  }
  const hook = functions.find(({ logicalId }) => logicalId === 'ProvisionHookFunction')!;
  assert.ok(2 * longestCallMs(HOOK_LIMITS) < hook.timeoutSeconds * 1000, 'the hook makes two calls in a row');
});

test('docs/operations.md has the limits of every client', () => {
  const manual = textOf('docs/operations.md').replaceAll(/ +/g, ' ');
  for (const limits of [...Object.values(limitsByFile), HOOK_LIMITS]) {
    const { attempts, connectionMs, answerMs } = limits;
    const times = [connectionMs, answerMs, longestCallMs(limits)].map((ms) => `${ms / 1000} s`);
    assert.ok(manual.includes(`| ${[attempts, ...times].join(' | ')} |`), JSON.stringify(limits));
  }
});
