// A topic with two subscribers in a temporary folder, on the AWS port of a test.

import { SNSClient } from '@aws-sdk/client-sns';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock, type Clock } from '../../clock.ts';
import { createSnsHandler } from '../../sns/api.ts';
import type { FunctionPort, QueuePort } from '../../sns/redrive.ts';
import { createTopics, type Topics } from '../../sns/topics.ts';
import type { ResolvedTemplate } from '../../template/resolved.ts';
import { clientOptions, createRecordingLog, serve } from '../aws/local-cloud.ts';
import { load } from '../template/fixture.ts';

export const topicArn = 'arn:aws:sns:us-east-1:000000000000:tidegate-AlertsTopic';
export const start = Date.UTC(2026, 0, 1);

/** A template with one topic, under which `more` adds resources. */
export const templateWith = (more = '', displayName = 'Tidegate') => `
Transform: AWS::Serverless-2016-10-31
Resources:
  AlertsTopic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: ${JSON.stringify(displayName)}
${more}`;

export const subscriptionOf = (id: string, protocol: string, endpoint: string) => `
  ${id}:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref AlertsTopic
      Protocol: ${protocol}
      Endpoint: ${JSON.stringify(endpoint)}
`;

export const usualTemplate = templateWith(
  subscriptionOf('Mail', 'email', 'alerts@example.com') + subscriptionOf('Phone', 'sms', '+12065550100'),
);

export interface Draft {
  readonly template?: string | ResolvedTemplate;
  /** Of an earlier run. */
  readonly dir?: string;
  readonly clock?: Clock;
  readonly smtpUrl?: string;
  /** What the queues do with a message; absent: they keep it. */
  readonly onQueued?: (queueArn: string) => void;
}

/** Where a template of these tests has queues: what SNS put into them. */
export interface QueuedMessage {
  readonly queue: string;
  readonly body: Record<string, unknown>;
}

export interface InvokedFunction {
  readonly name: string;
  readonly event: Record<string, unknown>;
}

/** Topics whose message ids are `m1`, `m2` and so on, and what they wrote. */
export async function openTopics(draft: Draft = {}) {
  const dir = draft.dir ?? temporaryFolder();
  const log = createRecordingLog();
  const counts: Record<string, number> = {};
  const ids = { last: 0 };
  const source = draft.template ?? usualTemplate;
  const template = typeof source === 'string' ? load(source) : source;
  const arns = template.ofType('AWS::SQS::Queue').map(({ arn }) => arn);
  const queued: QueuedMessage[] = [];
  const queues: QueuePort = {
    has: (arn) => arns.includes(arn),
    async send(arn, body) {
      draft.onQueued?.(arn);
      queued.push({ queue: arn, body: JSON.parse(body) as Record<string, unknown> });
    },
  };
  const invoked: InvokedFunction[] = [];
  const functions: FunctionPort = {
    has: (arn) => template.ofType('AWS::Serverless::Function').some((each) => each.arn === arn),
    async accept(name, payload) {
      draft.onQueued?.(name);
      invoked.push({ name, event: JSON.parse(payload) as Record<string, unknown> });
    },
  };
  const topics = await createTopics({
    ...{ dir, template, queues, functions },
    clock: draft.clock ?? createManualClock(start),
    log,
    count: (name, by = 1) => (counts[name] = (counts[name] ?? 0) + by),
    smtpUrl: draft.smtpUrl,
    newId: () => `m${++ids.last}`,
  });
  cleanup(() => topics.close());
  return {
    topics,
    dir,
    log,
    counts,
    queued,
    invoked,
    files: (folder: string) => filesOf(path.join(dir, folder)),
  };
}

/** Name and content of the files of a folder. */
function filesOf(folder: string): [name: string, content: string][] {
  return readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
}

/** The same behind a port, with an SDK client. */
export async function openSns(draft: Draft = {}) {
  const opened = await openTopics(draft);
  const { client, url } = await connect(opened.topics);
  return { ...opened, client, url };
}

async function connect(topics: Topics) {
  const server = await serve({ sns: createSnsHandler(topics) }, createRecordingLog());
  const client = new SNSClient(clientOptions(server.url));
  cleanup(async () => {
    client.destroy();
    await server.close();
  });
  return { client, url: server.url };
}
