// Opens the services that keep data: tables, queues, topics and objects, each as the template declares it.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import type { Clock } from './clock.ts';
import type { Meter } from './cloudwatch/meter.ts';
import type { Closers } from './closers.ts';
import type { Counters } from './counters.ts';
import type { Guard } from './iam/guard.ts';
import type { FunctionEvents } from './lambda/function-events.ts';
import type { Log } from './log.ts';
import { notificationsFromTemplate } from './s3/notification-spec.ts';
import { createNotifier } from './s3/notifier.ts';
import { createObjectStore } from './s3/store.ts';
import { createTopics } from './sns/topics.ts';
import { queuesFromTemplate } from './sqs/queue-spec.ts';
import { openQueues } from './sqs/queues.ts';
import type { ResolvedTemplate } from './template/resolved.ts';

interface Settings {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly meter: Meter;
  readonly closers: Closers;
  readonly functions: FunctionEvents;
  readonly guard: Guard;
}

async function openTables({ dataDir, template, clock, log, counters, closers, guard }: Settings) {
  const { region, accountId } = template;
  const dir = path.join(dataDir, 'dynamodb');
  const dynamoDb = await createDynamoDb({ dir, clock, log, count: counters.count, region, accountId, guard });
  closers.add(counters.beforeRead(() => dynamoDb.countDirect()));
  closers.add(() => dynamoDb.close());
  for (const table of template.ofType('AWS::DynamoDB::Table')) await dynamoDb.ensureTable(table);
  return dynamoDb;
}

async function openTemplateQueues({ dataDir, template, clock, log, counters, meter, closers }: Settings) {
  const queues = await openQueues({
    dir: path.join(dataDir, 'sqs'),
    queues: queuesFromTemplate(template),
    clock,
    log,
    count: counters.count,
    meter,
  });
  closers.add(() => queues.close());
  return queues;
}

type Queues = Awaited<ReturnType<typeof openTemplateQueues>>;

/** Puts one message into the queue with this ARN. */
const sendTo = (queues: Queues) => async (queueArn: string, body: string) =>
  queues.send(queues.byArn(queueArn), [{ body }]);

async function openTopics(settings: Settings, queues: Queues) {
  const { dataDir, template, clock, log, counters, meter, closers, functions } = settings;
  const topics = await createTopics({
    dir: dataDir,
    template,
    queues: {
      send: sendTo(queues),
      has: (queueArn) => queues.all().some(({ spec }) => spec.arn === queueArn),
    },
    functions: {
      accept: (functionArn, payload) => functions.accept(functionArn, payload),
      has: (functionArn) =>
        template.ofType('AWS::Serverless::Function').some(({ arn }) => arn === functionArn),
    },
    clock,
    log,
    count: counters.count,
    meter,
    smtpUrl: process.env['SMTP_URL'],
  });
  closers.add(() => topics.close());
  return topics;
}

type Topics = Awaited<ReturnType<typeof openTopics>>;

async function openObjects(settings: Settings, queues: Queues, topics: Topics) {
  const { dataDir, template, clock, log, counters, closers, functions } = settings;
  const notify = createNotifier({
    notifications: notificationsFromTemplate(template),
    targets: {
      lambda: (functionArn, text) => functions.accept(functionArn, text),
      sqs: sendTo(queues),
      sns: (topicArn, message) => topics.publish({ topicArn, message, subject: 'Amazon S3 Notification' }),
    },
    ...{ region: template.region, clock, newId: randomUUID, log, count: counters.count },
  });
  const objects = await createObjectStore({ dir: path.join(dataDir, 's3'), clock, log, notify });
  closers.add(() => objects.close());
  const policies = template.ofType('AWS::S3::BucketPolicy').map(({ properties }) => properties);
  for (const bucket of template.ofType('AWS::S3::Bucket')) {
    const policy = policies.find(({ Bucket }) => Bucket === bucket.name)?.['PolicyDocument'];
    await objects.ensureBucket({ ...bucket, policy });
  }
  return objects;
}

/** Opens objects, tables, queues and topics; `closers` gets what closes them. */
export async function openStores(settings: Settings) {
  const dynamoDb = await openTables(settings);
  const queues = await openTemplateQueues(settings);
  const topics = await openTopics(settings, queues);
  // Objects notify queues and topics of their changes, so they open last and close first.
  const objects = await openObjects(settings, queues, topics);
  return { objects, dynamoDb, queues, topics };
}

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Where the events go that a function could not process, after the last retry. */
export const destinationsOf = ({ objects, queues, topics }: Stores) => ({
  s3: (...put: Parameters<typeof objects.put>) => objects.put(...put),
  sns: (message: { topicArn: string; message: string }) => topics.publish(message),
  sqs: ({ queueArn, body }: { queueArn: string; body: string }) => sendTo(queues)(queueArn, body),
});
