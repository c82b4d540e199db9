// Every minute: sends the notifications that a failure left unsent, and judges alarms of devices that fell silent.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertStore } from '../adapters/alert-store.ts';
import { createHandler } from '../adapters/create-handler.ts';
import { readSweepEnvironment } from '../adapters/environment.ts';
import { createNotifier } from '../adapters/notifier.ts';
import { createPaying } from '../adapters/paying.ts';
import { createRuleStore } from '../adapters/rule-store.ts';
import { createSweeping } from '../adapters/sweeping.ts';
import { createWindowStore } from '../adapters/window-store.ts';
import { defaultRules } from '../core/alert-rule.ts';

const environment = readSweepEnvironment(process.env);
const client = new DynamoDBClient();
const now = () => Date.now();
const alerts = createAlertStore({ client, table: environment.alertsTable });
const notify = createNotifier({ client: new SNSClient(), topicArn: environment.alertsTopicArn });
const rules = createRuleStore({
  client,
  table: environment.rulesTable,
  defaults: defaultRules(environment),
});
const sweep = createSweeping({
  rules: async () => rules.list(),
  alerts,
  windows: createWindowStore({ client, table: environment.windowsTable, retentionDays: 1 }),
  pay: createPaying({ alerts, notify, now }),
  windowSeconds: environment.windowSeconds,
  now,
});

export const handler = createHandler(async (_event, tools, context) => {
  await sweep(`sweep-${context.awsRequestId}`, () => tools.count('AlertsSent', 1));
});
