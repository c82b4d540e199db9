// Alerts about missing messages, on the real program: an offline device is announced once, and again when it stays back.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { storyText } from '../../dashboard/model/story.ts';
import { readEmail } from '../../packages/local-cloud/tests/sns/read-email.ts';
import { startSmtpServer } from '../../packages/local-cloud/tests/sns/smtp-server.ts';
import { callApi } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  createDevice,
  runScript,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

type Json = Record<string, unknown>;

const certs = temporaryFolder();
let tidegate: Tidegate;
let lambda: LambdaClient;
/** Whether the mail server refuses all mails from now on. */
let isRefusing = false;

beforeAll(async () => {
  const { port } = await startSmtpServer((command) =>
    isRefusing && command === 'DATA-END' ? '550 5.7.1 refused by policy' : undefined,
  );
  tidegate = await startTidegate(temporaryFolder(), ['--no-demo'], {
    SMTP_URL: `smtp://127.0.0.1:${port}`,
  });
  lambda = new LambdaClient(clientSettings(tidegate));
  await createDevice(tidegate, 'fridge-1', certs);
  await createDevice(tidegate, 'fridge-2', certs);
});
afterAll(async () => {
  lambda.destroy();
  await tidegate.stop();
});

async function call(method: string, asked: string, body?: unknown): Promise<Json> {
  const [place = '', query = ''] = asked.split('?');
  const answer = await callApi(tidegate.endpoints.outputs['ApiUrl']!, {
    method,
    path: place,
    query: Object.fromEntries(new URLSearchParams(query)),
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  assert.ok((answer.status ?? 0) < 300, `${method} ${asked}: ${answer.body}`);
  return (answer.body === '' ? {} : JSON.parse(answer.body)) as Json;
}

/** Runs the every-minute work now. */
async function sweep(): Promise<void> {
  const FunctionName = tidegate.endpoints.outputs['SweepFunction']!;
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName }));
  assert.equal(FunctionError, undefined);
}

/** First lines of the mails so far, oldest first. */
function mailed(): string[] {
  const folder = path.join(tidegate.dataDir, 'mail');
  if (!existsSync(folder)) return [];
  const mails = readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1));
  return mails.map(
    (file) => /\r?\n\r?\n([^\r\n]*)/.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1] ?? '',
  );
}

const whatOf = (history: Json) => (history['entries'] as { what: string }[]).map(({ what }) => what);

test('an offline device is announced once, even if it reconnects briefly, and once more when it is back', async () => {
  const put = call('PUT', '/rules/gone', {
    offlineFor: '10s',
    severity: 'minor',
    match: { group: 'Seattle' },
  });
  assert.deepEqual((await put)['offlineFor'], '10s');
  const first = await connectDevice(tidegate, 'fridge-1', certs);
  await first.publishAsync('telemetry/seattle/fridge-1', JSON.stringify({ temperature: 4 }), { qos: 1 });
  await first.endAsync();
  await eventually(
    'the mail that it is offline',
    async () => {
      await sweep();
      return mailed().some((line) => /^ALARM: offline for \d+s at [a-z]+, fridge-1$/.test(line));
    },
    60_000,
  );
  const again = await connectDevice(tidegate, 'fridge-1', certs);
  await sweep();
  await again.endAsync();
  await sweep();
  const active = (await call('GET', '/alerts'))['alerts'] as Json[];
  assert.deepEqual(
    active.map(({ ruleId, state, severity }) => [ruleId, state, severity]),
    [['gone', 'alarm', 'minor']],
  );
  const back = await connectDevice(tidegate, 'fridge-1', certs);
  await eventually(
    'the mail that it is back',
    async () => {
      await sweep();
      return mailed().some((line) => line.startsWith('OK: online again after'));
    },
    60_000,
  );
  await back.endAsync();
  assert.equal(mailed().length, 2);
  assert.deepEqual(whatOf(await call('GET', '/devices/fridge-1/alerts/history')), ['cleared', 'raised']);
});

test('a dry run includes messages published a moment ago', async () => {
  const client = await connectDevice(tidegate, 'fridge-1', certs);
  const timestamp = Date.now() - 60_000;
  await client.publishAsync('telemetry/seattle/fridge-1', JSON.stringify({ timestamp, temperature: 7.5 }), {
    qos: 1,
  });
  await client.endAsync();
  const found = await eventually('the alert that would have been', async () => {
    const { notifications } = await call('POST', '/rules/warm/dry-run?hours=1', {
      metric: 'temperature',
      above: 7,
    });
    return (notifications as Json[]).find(({ transition }) => transition === 'raised');
  });
  assert.deepEqual([found['deviceId'], found['value'], found['limit']], ['fridge-1', '7.5', '7']);
});

test('the removal of a rule ends its alarm with a notification', async () => {
  await eventually(
    'another mail that it is offline',
    async () => {
      await sweep();
      return mailed().filter((line) => line.startsWith('ALARM: offline')).length === 2;
    },
    60_000,
  );
  await call('DELETE', '/rules/gone');
  await eventually('the mail that it ended', async () => {
    await sweep();
    return mailed().some((line) => line.startsWith('ENDED: offline for'));
  });
  assert.deepEqual((await call('GET', '/alerts'))['alerts'], []);
  const count = mailed().length;
  await sweep();
  assert.equal(mailed().length, count);
});

/** The lines about the device in emails and digests, with the number of changes that each covers. */
function announcedOf(device: string): { readonly said: string; readonly changes: number }[] {
  const folder = path.join(tidegate.dataDir, 'mail');
  return readdirSync(folder)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((file) => {
      const { text } = readEmail(readFileSync(path.join(folder, file), 'utf8'));
      if (new RegExp(`^Device: +${device}\\r?$`, 'm').test(text)) {
        const [, changes = '1'] = /stands for ([0-9]+) changes/.exec(text) ?? [];
        return [{ said: text.split(/\r?\n/)[0]!, changes: Number(changes) }];
      }
      const line = new RegExp(`^(.*?)(?: \\(([0-9]+) changes\\))? at [a-z]+/${device}, since `, 'gm');
      return [...text.matchAll(line)].map(([, said = '', changes = '1']) => ({
        said,
        changes: Number(changes),
      }));
    });
}

test('of thirty changes in one message that ends in an alarm, the last is announced and all are counted', async () => {
  const start = Math.floor(Date.now() / 10_000) * 10_000 - 430_000;
  const temperatures = Array.from({ length: 42 }, (_, n) => (n < 30 ? [9, 4][n % 2]! : 20));
  const readings = temperatures.map((temperature, n) => ({
    timestamp: start + n * 10_000 + 1000,
    temperature,
  }));
  const client = await connectDevice(tidegate, 'fridge-2', certs);
  await client.publishAsync('telemetry/seattle/fridge-2', JSON.stringify({ readings }), { qos: 1 });
  await client.endAsync();
  const announced = await eventually(
    'all changes in mails',
    async () => {
      await sweep();
      const mails = announcedOf('fridge-2');
      return mails.reduce((total, { changes }) => total + changes, 0) >= 31 && mails;
    },
    60_000,
  );
  assert.equal(
    announced.reduce((total, { changes }) => total + changes, 0),
    31,
  );
  assert.match(
    announced.at(-1)!.said,
    /^ALARM(?: critical)?: temperature 20 above 8(?: at seattle, fridge-2)?$/,
  );
  const history = (await call('GET', '/devices/fridge-2/alerts/history?limit=100'))['entries'] as Json[];
  const whatHappened = ({ what, transition = what, value, windowStart }: Json) => [
    transition,
    value,
    windowStart,
  ];
  const happened = history.map(whatHappened).reverse();
  assert.deepEqual([happened.length, happened.at(-1)!.slice(0, 2)], [31, ['raised', '20']]);
  const rule = { metric: 'temperature', stat: 'max', anySpelling: true, above: 8, clearBelow: 7 };
  const { notifications } = await call('POST', '/rules/temperature-high/dry-run?hours=1', rule);
  const listed = (notifications as Json[]).filter(({ deviceId }) => deviceId === 'fridge-2');
  assert.deepEqual(listed.map(whatHappened), happened);
  const active = (await call('GET', '/devices/fridge-2/alerts'))['alerts'] as Json[];
  assert.deepEqual(
    active.filter(({ ruleId }) => ruleId === 'temperature-high').map(({ state, value }) => [state, value]),
    [['alarm', '20']],
  );
});

test('a mail that the server refuses is in the history of its alert, in words', async () => {
  isRefusing = true;
  const client = await connectDevice(tidegate, 'fridge-1', certs);
  await client.publishAsync('telemetry/seattle/fridge-1', JSON.stringify({ temperature: 21 }), { qos: 1 });
  await client.endAsync();
  type Entry = Parameters<typeof storyText>[0];
  const entry = await eventually('the entry', async () => {
    await sweep(); // more alerts than a minute may have go out in a digest
    const { entries } = await call('GET', '/devices/fridge-1/alerts/history');
    return (entries as Entry[]).find(({ what }) => what === 'delivery-failed');
  });
  const [, messageId] =
    /^raised: a mail was not delivered, SNS message (\S+) \(not tried again\)$/.exec(entry.reason!) ?? [];
  assert.ok(messageId, entry.reason);
  assert.equal(storyText(entry, false), `A notification was not delivered: ${entry.reason}`);
  const folder = path.join(tidegate.dataDir, 'mail');
  const failure = readdirSync(folder).find(
    (file) => file.includes(messageId) && file.endsWith('.failed.txt'),
  );
  assert.match(readFileSync(path.join(folder, failure!), 'utf8'), /550 5\.7\.1 refused by policy/);
  const { stdout } = await runScript('commands/alerts.ts', ['history', '--data-dir', tidegate.dataDir]);
  assert.match(stdout, /delivery-failed.*a mail was not delivered/);
  const status = await (await fetch(`${tidegate.endpoints.web}/status.json`)).text();
  for (const name of ['NotificationsFailed', 'NumberOfNotificationsRedrivenToDlq'])
    assert.match(status, new RegExp(name));
});
