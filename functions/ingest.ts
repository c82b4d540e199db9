// From one message to its windows and the people concerned; every step may be repeated without harm.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertStore } from '../adapters/alert-store.ts';
import { createAlerting } from '../adapters/alerting.ts';
import { createHandler, type Tools } from '../adapters/create-handler.ts';
import { readIngestEnvironment } from '../adapters/environment.ts';
import { createErrorStore } from '../adapters/error-store.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { createNotifier } from '../adapters/notifier.ts';
import { createWindowStore } from '../adapters/window-store.ts';
import { defaultRules } from '../core/alert.ts';
import { parseMessage, type ParsedMessage } from '../core/message.ts';
import { foldReadings } from '../core/window.ts';

const WRITES_AT_ONCE = 8;
/** Devices report all the time and are rarely in alarm, so most messages need no look at the alerts table. */
const CALM_SECONDS = 10;

const environment = readIngestEnvironment(process.env);
const dynamodb = new DynamoDBClient();
const windows = createWindowStore({
  client: dynamodb,
  table: environment.windowsTable,
  retentionDays: environment.windowRetentionDays,
});
const keepRejected = createErrorStore({ client: new S3Client(), bucket: environment.errorsBucket });
const judgeWindows = createAlerting({
  rules: defaultRules(environment),
  alerts: createAlertStore({ client: dynamodb, table: environment.alertsTable }),
  windows,
  notify: createNotifier({ client: new SNSClient(), topicArn: environment.alertsTopicArn }),
  now: () => Date.now(),
  calmFor: Math.min(environment.windowSeconds, CALM_SECONDS) * 1000,
});

export const handler = createHandler(async (event, tools) => {
  const message = parseMessage(event, environment);
  const { deviceId, traceId = 'unknown' } = message.context ?? {};
  tools.identify({ deviceId, traceId });

  await keepRejected(message);
  countRejected(message, tools);

  const deltas = foldReadings(message.accepted, environment.windowSeconds);
  const changes = await inParallel(deltas, WRITES_AT_ONCE, (delta) => windows.apply(delta));
  tools.count('ReadingsAccepted', total(changes.map((change) => change.applied)));
  tools.count('WindowsWritten', changes.filter((change) => change.applied > 0).length);
  tools.count('ValuesSkipped', message.skipped);

  const changed = changes.map((change) => change.window);
  await judgeWindows(changed, traceId, () => tools.count('AlertsSent', 1));
});

function countRejected({ rejected }: ParsedMessage, tools: Tools): void {
  tools.count('ReadingsRejected', rejected.length);
  for (const [reason, rejections = []] of Object.entries(Object.groupBy(rejected, ({ reason }) => reason))) {
    tools.count('ReadingsRejected', rejections.length, reason);
    tools.warn('Readings rejected', { reason, readings: rejections.length });
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
