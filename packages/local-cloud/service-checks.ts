// The checks of the services on a template, made before any service opens, so that all problems are listed at once.

import { alarmsFromTemplate } from './cloudwatch/alarm-spec.ts';
import { tableMappingsFromTemplate } from './dynamodb/open-mappings.ts';
import { streamsFromTemplate } from './firehose/stream-spec.ts';
import { apiFromTemplate } from './http-api/api-spec.ts';
import { mappingsFromTemplate } from './kinesis/mapping-spec.ts';
import { keysFromTemplate } from './kms/key-spec.ts';
import { checkRules } from './rules/rule-check.ts';
import { settingsOf } from './s3/bucket-spec.ts';
import { notificationsFromTemplate } from './s3/notification-spec.ts';
import { schedulesFromTemplate } from './scheduler/schedule-spec.ts';
import { subscriptionsFromTemplate, topicsFromTemplate } from './sns/topic-spec.ts';
import { queueMappingsFromTemplate } from './sqs/mapping-spec.ts';
import { queuesFromTemplate } from './sqs/queue-spec.ts';
import { readAll } from './start-error.ts';
import { functionsOf } from './template/functions.ts';
import type { ResolvedTemplate } from './template/resolved.ts';

/** Each throws StartError with the lines of what its service would refuse. */
export const serviceChecks: readonly ((template: ResolvedTemplate) => unknown)[] = [
  functionsOf,
  checkRules,
  streamsFromTemplate,
  (template) => mappingsFromTemplate(template),
  tableMappingsFromTemplate,
  (template) => queueMappingsFromTemplate(template, queuesFromTemplate(template)),
  (template) => readAll(template.ofType('AWS::S3::Bucket'), settingsOf),
  notificationsFromTemplate,
  topicsFromTemplate,
  subscriptionsFromTemplate,
  schedulesFromTemplate,
  apiFromTemplate,
  alarmsFromTemplate,
  keysFromTemplate,
];
