// The Lambda API through the real SDK, and with requests that no SDK would send.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import {
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { AwsError } from '../../aws-error.ts';
import { sendError } from '../../aws/wire.ts';
import type { LambdaService } from '../../lambda/service.ts';
import { type FunctionDraft, start } from './fixture.ts';

async function serve(lambda: LambdaService): Promise<{ url: string; client: LambdaClient }> {
  const server = createServer((req, res) => {
    Promise.resolve(lambda.handler(req, res)).catch((error: unknown) => {
      sendError(
        res,
        error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500),
        'json',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new LambdaClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  cleanup(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { url, client };
}

const functions: Readonly<Record<string, FunctionDraft>> = {
  Echo: {
    source: `export const handler = async (event: unknown) => { console.log('seen'); return event; };`,
    reservedConcurrency: 5,
    async: { maximumRetryAttempts: 1, onFailure: { type: 's3', arn: 'arn:aws:s3:::errors' } },
  },
  Fails: { source: `export const handler = async () => { throw new TypeError('wrong'); };` },
};

test('invokes a function by name, by partial and by whole ARN', async () => {
  const { lambda } = await start(functions);
  const { client } = await serve(lambda);
  const names = [
    'tidegate-Echo',
    'tidegate-Echo:$LATEST',
    '000000000000:function:tidegate-Echo',
    'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Echo',
    'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Echo:$LATEST',
  ];
  for (const FunctionName of names) {
    const answer = await client.send(
      new InvokeCommand({ FunctionName, Payload: '{"a":1}', LogType: 'Tail' }),
    );
    assert.equal(answer.StatusCode, 200);
    assert.equal(answer.ExecutedVersion, '$LATEST');
    assert.equal(answer.FunctionError, undefined);
    assert.equal(Buffer.from(answer.Payload!).toString(), '{"a":1}');
    assert.match(Buffer.from(answer.LogResult!, 'base64').toString(), /START[\s\S]*INFO\tseen[\s\S]*REPORT/);
  }
});

test('reads an empty payload as an empty object and returns no log unless requested', async () => {
  const { lambda } = await start(functions);
  const { client } = await serve(lambda);
  const answer = await client.send(new InvokeCommand({ FunctionName: 'tidegate-Echo' }));
  assert.equal(Buffer.from(answer.Payload!).toString(), '{}');
  assert.equal(answer.LogResult, undefined);
});

test('answers a failing function with status 200 and its error document', async () => {
  const { lambda } = await start(functions);
  const { client } = await serve(lambda);
  const answer = await client.send(new InvokeCommand({ FunctionName: 'tidegate-Fails', Payload: '{}' }));
  assert.equal(answer.StatusCode, 200);
  assert.equal(answer.FunctionError, 'Unhandled');
  const document = JSON.parse(Buffer.from(answer.Payload!).toString()) as Record<string, unknown>;
  assert.equal(document['errorType'], 'TypeError');
  assert.equal(document['errorMessage'], 'wrong');
  assert.ok(Array.isArray(document['trace']));
});

test('refuses the calls that Lambda refuses, with its codes', async () => {
  const { lambda } = await start(functions);
  const { url, client } = await serve(lambda);
  const invoke = (FunctionName: string, Payload: string | Buffer, rest = {}) =>
    client.send(new InvokeCommand({ FunctionName, Payload, ...rest }));
  const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:tidegate-Echo';
  const gone = { name: 'ResourceNotFoundException' };
  await assert.rejects(invoke('nobody', '{}'), { ...gone, message: 'Function not found: nobody' });
  await assert.rejects(invoke('__proto__', '{}'), gone);
  await assert.rejects(invoke(arn, '{}'), gone);
  await assert.rejects(invoke('tidegate-Echo', '{}', { Qualifier: 'live' }), gone);
  await assert.rejects(invoke('tidegate-Echo', '{"a"'), { name: 'InvalidRequestContentException' });
  await assert.rejects(invoke('tidegate-Echo', JSON.stringify('x'.repeat(6_400_000))), {
    name: 'RequestTooLargeException',
  });
  const event = { InvocationType: 'Event' as const };
  await assert.rejects(invoke('tidegate-Echo', JSON.stringify('x'.repeat(1_100_000)), event), {
    name: 'RequestTooLargeException',
  });
  await assert.rejects(invoke('tidegate-Echo', '{}', { ClientContext: 'e30=' }), {
    name: 'InvalidParameterValueException',
  });
  await assert.rejects(
    client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'tidegate-Echo', Timeout: 9 })),
    { name: 'UnsupportedOperation', message: /functions are created and changed in the template/ },
  );
  const raw = await fetch(`${url}/2015-03-31/functions/%zz/invocations`, { method: 'POST' });
  assert.equal(raw.status, 400);
  const type = await fetch(`${url}/2015-03-31/functions/tidegate-Echo/invocations`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': 'constructor' },
  });
  assert.equal(type.status, 400);
});

test('accepts an event for later once it is on disk, and forgets it when it is done', async () => {
  const dir = temporaryFolder();
  const file = path.join(dir, 'out');
  const source = `import { existsSync, readdirSync, writeFileSync } from 'node:fs';
    export const handler = async (event: unknown) => {
      while (!existsSync(${JSON.stringify(path.join(dir, 'go'))})) await new Promise((resolve) => setTimeout(resolve, 5));
      writeFileSync(${JSON.stringify(file)}, JSON.stringify(event));
    };`;
  const { lambda } = await start({ Later: { source } }, { dir });
  const { client } = await serve(lambda);
  const answer = await client.send(
    new InvokeCommand({ FunctionName: 'tidegate-Later', Payload: '{"k":2}', InvocationType: 'Event' }),
  );
  assert.equal(answer.StatusCode, 202);
  const spool = path.join(dir, 'spool');
  const [name] = await readdir(spool);
  assert.match(await readFile(path.join(spool, name!), 'utf8'), /\{"k":2\}$/);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path.join(dir, 'go'), '');
  await eventually('an empty spool', async () => (await readdir(spool)).length === 0);
  assert.equal(await readFile(file, 'utf8'), '{"k":2}');
});

test('checks a dry run without running anything', async () => {
  const { lambda, counters } = await start(functions);
  const { client } = await serve(lambda);
  const answer = await client.send(
    new InvokeCommand({ FunctionName: 'tidegate-Echo', Payload: '{}', InvocationType: 'DryRun' }),
  );
  assert.equal(answer.StatusCode, 204);
  assert.equal(counters.get('lambda.invocations'), 0);
});

test('describes the functions of the template', async () => {
  const { lambda } = await start(functions);
  await lambda.ready();
  const { client } = await serve(lambda);
  const first = await client.send(new ListFunctionsCommand({ MaxItems: 1 }));
  const second = await client.send(new ListFunctionsCommand({ Marker: first.NextMarker }));
  const names = [...first.Functions!, ...second.Functions!].map(({ FunctionName }) => FunctionName);
  assert.deepEqual(names, ['tidegate-Echo', 'tidegate-Fails']);
  const FunctionName = 'tidegate-Echo';
  const configuration = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.equal(configuration.Handler, 'Echo.handler');
  assert.equal(configuration.MemorySize, 128);
  assert.equal(configuration.State, 'Active');
  assert.ok(configuration.CodeSize! > 0);
  const whole = await client.send(new GetFunctionCommand({ FunctionName }));
  assert.match(whole.Code!.Location!, /^file:.*Echo\.mjs$/);
  assert.equal(whole.Concurrency!.ReservedConcurrentExecutions, 5);
  const concurrency = await client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
  assert.equal(concurrency.ReservedConcurrentExecutions, 5);
  const events = await client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
  assert.equal(events.MaximumRetryAttempts, 1);
  assert.equal(events.DestinationConfig!.OnFailure!.Destination, 'arn:aws:s3:::errors');
});
