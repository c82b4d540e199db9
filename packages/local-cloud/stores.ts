// Opens what keeps data: objects, tables and topics, each with what the template declares of it.
import path from 'node:path';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import type { Clock } from './clock.ts';
import type { Closers } from './closers.ts';
import type { Counters } from './counters.ts';
import type { Log } from './log.ts';
import { createObjectStore } from './s3/store.ts';
import { createTopics } from './sns/topics.ts';
import type { ResolvedTemplate } from './template/resolved.ts';

/** Objects, tables and topics; `closers` gets what closes them. */
export async function openStores(settings: {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly closers: Closers;
}) {
  const { dataDir, template, clock, log, closers } = settings;
  const { count } = settings.counters;
  const { region, accountId } = template;
  const objects = await createObjectStore({ dir: path.join(dataDir, 's3'), clock, log });
  closers.add(() => objects.close());
  for (const bucket of template.ofType('AWS::S3::Bucket')) await objects.ensureBucket(bucket);
  const dynamoDb = await createDynamoDb({
    dir: path.join(dataDir, 'dynamodb'),
    clock,
    log,
    count,
    region,
    accountId,
  });
  closers.add(() => dynamoDb.close());
  for (const table of template.ofType('AWS::DynamoDB::Table')) await dynamoDb.ensureTable(table);
  const topics = await createTopics({
    dir: dataDir,
    template,
    clock,
    log,
    count,
    smtpUrl: process.env['SMTP_URL'],
  });
  closers.add(() => topics.close());
  return { objects, dynamoDb, topics };
}

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Where functions leave what failed for good. */
export const destinationsOf = ({ objects, topics }: Stores) => ({
  s3: (...put: Parameters<typeof objects.put>) => objects.put(...put),
  sns: (message: { topicArn: string; message: string }) => topics.publish(message),
});
