// Opens what keeps data: objects, tables, queues and topics, each with what the template declares of it.

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

/** Objects, tables, queues and topics; `closers` gets what closes them. */
export async function openStores(settings: {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly meter: Meter;
  readonly closers: Closers;
  readonly functions: FunctionEvents;
  readonly guard: Guard;
}) {
  const { dataDir, template, clock, log, closers } = settings;
  const { count } = settings.counters;
  const { region, accountId } = template;
  const { functions, meter } = settings;
  // Nothing changes an object before all of this is open.
  let send: Parameters<typeof createNotifier>[0]['targets'] | undefined;
  const notify = createNotifier({
    notifications: notificationsFromTemplate(template),
    targets: {
      lambda: (arn, text) => functions.accept(arn, text),
      sqs: async (arn, text) => send!.sqs(arn, text),
      sns: async (arn, text) => send!.sns(arn, text),
    },
    ...{ region, clock, newId: randomUUID, log, count },
  });
  const objects = await createObjectStore({ dir: path.join(dataDir, 's3'), clock, log, notify });
  closers.add(() => objects.close());
  const policies = template.ofType('AWS::S3::BucketPolicy').map(({ properties }) => properties);
  for (const bucket of template.ofType('AWS::S3::Bucket')) {
    const policy = policies.find(({ Bucket }) => Bucket === bucket.name)?.['PolicyDocument'];
    await objects.ensureBucket({ ...bucket, policy });
  }
  const dynamoDb = await createDynamoDb({
    dir: path.join(dataDir, 'dynamodb'),
    clock,
    log,
    count,
    region,
    accountId,
    guard: settings.guard,
  });
  closers.add(settings.counters.beforeRead(() => dynamoDb.countDirect()));
  closers.add(() => dynamoDb.close());
  for (const table of template.ofType('AWS::DynamoDB::Table')) await dynamoDb.ensureTable(table);
  const queues = await openQueues({
    dir: path.join(dataDir, 'sqs'),
    queues: queuesFromTemplate(template),
    clock,
    log,
    count,
    meter,
  });
  closers.add(() => queues.close());
  const topics = await createTopics({
    dir: dataDir,
    template,
    queues: {
      send: (queueArn, body) => queues.send(queues.byArn(queueArn), [{ body }]),
      has: (queueArn) => queues.all().some(({ spec }) => spec.arn === queueArn),
    },
    functions: {
      accept: (functionArn, payload) => functions.accept(functionArn, payload),
      has: (functionArn) =>
        template.ofType('AWS::Serverless::Function').some(({ arn }) => arn === functionArn),
    },
    clock,
    log,
    count,
    meter,
    smtpUrl: process.env['SMTP_URL'],
  });
  closers.add(() => topics.close());
  send = {
    lambda: (arn, text) => functions.accept(arn, text),
    sqs: async (queueArn, body) => queues.send(queues.byArn(queueArn), [{ body }]),
    sns: (topicArn, message) => topics.publish({ topicArn, message, subject: 'Amazon S3 Notification' }),
  };
  return { objects, dynamoDb, queues, topics };
}

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Where functions leave what finally failed. */
export const destinationsOf = ({ objects, queues, topics }: Stores) => ({
  s3: (...put: Parameters<typeof objects.put>) => objects.put(...put),
  sns: (message: { topicArn: string; message: string }) => topics.publish(message),
  sqs: async ({ queueArn, body }: { queueArn: string; body: string }) =>
    queues.send(queues.byArn(queueArn), [{ body }]),
});
