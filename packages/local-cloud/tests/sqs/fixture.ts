// Queues in a temporary folder, behind a port, and a function that a test writes, for the tests of this room.

import assert from 'node:assert/strict';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock, type Clock, type ManualClock } from '../../clock.ts';
import { createSqsHandler } from '../../sqs/api.ts';
import type { QueueMapping } from '../../sqs/mapping-spec.ts';
import { createQueueMappings, type QueueMappingsOptions } from '../../sqs/mappings.ts';
import type { QueueSpec } from '../../sqs/queue-spec.ts';
import { openQueues } from '../../sqs/queues.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';

export const start = Date.UTC(2026, 0, 1);
export const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

export const queueSpec = (changes: Partial<QueueSpec> = {}): QueueSpec => ({
  name: 'jobs',
  arn: arnOf(changes.name ?? 'jobs'),
  visibilityMs: 30_000,
  retentionMs: 345_600_000,
  delayMs: 0,
  waitMs: 0,
  maxBytes: 1_048_576,
  ...changes,
});

export const withDeadLetters = (maxReceives: number): QueueSpec[] => [
  queueSpec({ redrive: { arn: arnOf('dead'), maxReceives } }),
  queueSpec({ name: 'dead' }),
];

export interface Draft {
  /** Of an earlier run. */
  readonly dir?: string;
  readonly queues?: readonly QueueSpec[];
  readonly clock?: Clock;
}

/** Queues as the stack opens them. */
export async function open(draft: Draft = {}) {
  const { dir = temporaryFolder(), queues: specs = [queueSpec()], clock = createManualClock(start) } = draft;
  const log = createRecordingLog();
  const counts: Record<string, number> = {};
  const count = (name: string, by = 1) => void (counts[name] = (counts[name] ?? 0) + by);
  const queues = await openQueues({ dir: path.join(dir, 'sqs'), queues: specs, clock, log, count });
  cleanup(() => queues.close());
  const jobs = queues.named('jobs');
  return {
    ...{ dir, queues, jobs, clock: clock as ManualClock, log, counts, count },
    send: (...bodies: string[]) =>
      queues.send(
        jobs,
        bodies.map((body) => ({ body })),
      ),
    receive: (most = 10, queue = jobs) => queue.receive({ most, visibilityMs: queue.spec.visibilityMs }),
  };
}

export type Json = Record<string, unknown>;

/** The same behind a port: `call` is one request of AWS JSON 1.0. */
export async function openApi(draft: Draft = {}) {
  const opened = await open(draft);
  const { queues, clock } = opened;
  let url = '';
  const handler = createSqsHandler({
    ...{ queues, clock, accountId: '000000000000', startedAt: start },
    endpoint: () => url,
  });
  const server = await serve({ sqs: handler }, opened.log);
  url = server.url;
  cleanup(() => server.close());
  async function call(operation: string, input: Json, headers: Record<string, string> = {}) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${operation}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request',
        ...headers,
      },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    return { response, text, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Json };
  }
  return { ...opened, url, QueueUrl: `${url}/000000000000/jobs`, call };
}

export const bodiesOf = (messages: readonly { readonly body: string }[]): string =>
  messages.map(({ body }) => body).join(' ');

export interface TakenMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, unknown>>;
  readonly eventSourceARN: string;
}

/** A mapping whose function is `take`; what that throws is a failed invocation. */
export async function run(
  take: (messages: readonly TakenMessage[]) => unknown,
  draft: Draft & {
    readonly mapping?: Partial<QueueMapping>;
    readonly invoke?: QueueMappingsOptions['invoke'];
  } = {},
) {
  const opened = await open(draft);
  const batches: string[] = [];
  const invoke: QueueMappingsOptions['invoke'] = async (name, payload) => {
    assert.equal(name, 'take');
    const { Records: messages } = JSON.parse(payload()) as { Records: TakenMessage[] };
    batches.push(bodiesOf(messages));
    try {
      return { payload: JSON.stringify((await take(messages)) ?? null) };
    } catch (error) {
      return { payload: JSON.stringify({ errorMessage: String(error) }), functionError: 'Unhandled' };
    }
  };
  const { queues, clock, log, count } = opened;
  const mappings = createQueueMappings({
    mappings: [
      {
        ...{ id: '11111111-2222-4333-8444-555555555555', queueArn: arnOf('jobs'), most: 5 },
        ...{ functionName: 'take', functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:take' },
        ...{ enabled: true, batchSize: 10, windowMs: 0, reportsItems: true },
        ...draft.mapping,
      },
    ],
    ...{ queues, clock, log, count },
    invoke: draft.invoke ?? invoke,
  });
  cleanup(() => mappings.close());
  mappings.start();
  return { ...opened, batches, mappings };
}

/** Lets time pass until `look` holds; the disk has its own time. */
export const until = (clock: ManualClock, look: () => boolean, stepMs = 0): Promise<boolean> =>
  eventually('what the test waits for', async () => {
    if (look()) return true;
    await clock.advance(stepMs);
    return look();
  });
