// The functions of a stack, with their folders below its data directory.

import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Counters } from '../counters.ts';
import type { Log } from '../log.ts';
import { destinationsOf, type Stores } from '../stores.ts';
import { functionsOf } from '../template/functions.ts';
import { fileNameOf } from '../rules/log-groups.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import type { LogGroup } from './log-groups-api.ts';
import { createLambda, type LambdaService } from './service.ts';

/** @param options.endpoint the address of the AWS port, which is read when a function starts. */
export function openLambda(options: {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly stores: Stores;
  readonly endpoint: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly meter: Meter;
}): LambdaService {
  const { dataDir, template, stores, endpoint, clock, log, counters, meter } = options;
  return createLambda({
    functions: functionsOf(template),
    buildDir: path.join(dataDir, 'build'),
    logDir: path.join(dataDir, 'logs'),
    spoolDir: path.join(dataDir, 'spool'),
    // S3 by an address of its own: only with an IP address does the SDK put the bucket into the path.
    baseEnvironment: () => ({ AWS_ENDPOINT_URL: endpoint(), AWS_ENDPOINT_URL_S3: endpoint() }),
    tables: (functionId) => ({ endpoint: endpoint(), port: stores.dynamoDb.connect(functionId) }),
    destinations: destinationsOf(stores),
    clock,
    log,
    count: counters.count,
    meter,
    onMetric(namespace, name, value, dimensions, unit) {
      meter(namespace, name, dimensions, unit)(value);
      // Further dimensions split up what is counted without them as well.
      if (Object.keys(dimensions).every((each) => each === 'service')) counters.count(name, value);
    },
  });
}

/** The ARN of a log group by its name. */
export const logGroupArns =
  ({ region, accountId }: ResolvedTemplate) =>
  (name: string): string =>
    `arn:aws:logs:${region}:${accountId}:log-group:${name}`;

/** Of functions, and those that the template declares for rules; each is a file of the data directory. */
export function logGroupsOf({
  dataDir,
  template,
}: {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
}): LogGroup[] {
  const arnOf = logGroupArns(template);
  const ofFunctions = functionsOf(template).map(({ logicalId, name }): LogGroup => {
    const group = `/aws/lambda/${name}`;
    return {
      name: group,
      arn: arnOf(group),
      file: path.join(dataDir, 'logs', `${logicalId}.log`),
      isJson: false,
    };
  });
  const names = new Set(ofFunctions.map(({ name }) => name));
  const declared = template.ofType('AWS::Logs::LogGroup').filter(({ name }) => !names.has(name));
  return [
    ...ofFunctions,
    ...declared.map(({ name }): LogGroup => {
      const file = path.join(dataDir, 'logs/groups', fileNameOf(name));
      return { name, arn: arnOf(name), file, isJson: true };
    }),
  ];
}
