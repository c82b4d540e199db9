// Opens the rules of the template with the services that their actions send to.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import { streamsFromTemplate } from '../firehose/stream-spec.ts';
import { createDeliveryStreams, type DeliveryStreams } from '../firehose/stream.ts';
import type { Iot } from '../iot/iot.ts';
import type { DataStreams } from '../kinesis/streams.ts';
import type { LambdaService } from '../lambda/service.ts';
import type { Log } from '../log.ts';
import type { Hub } from '../mqtt/hub.ts';
import type { Shadows } from '../shadow/service.ts';
import type { Stores } from '../stores.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import type { RuleTargets } from './action.ts';
import { createRulesEngine } from './engine.ts';
import { allowedHosts, createHttpClient } from './http-client.ts';
import { createLogGroups } from './log-groups.ts';
import { createLookups } from './lookup-sources.ts';
import { createRepublisher } from './republish.ts';
import { openRuleBook } from './rule-book.ts';
import { rulesFromTemplate } from './rule-spec.ts';
import { keepRecentMessages } from './recent-messages.ts';
import { createWhy } from './why.ts';

interface RulesOptions {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly stores: Stores;
  readonly iot: Iot;
  readonly lambda: LambdaService;
  readonly dataStreams: DataStreams;
  readonly streams: DeliveryStreams;
  readonly hub: Pick<Hub, 'publish' | 'serves'>;
  readonly shadows: Shadows;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
}

/** The delivery streams of the template. @throws StartError naming the template line */
export function openDeliveryStreams(
  options: Pick<RulesOptions, 'template' | 'stores' | 'lambda' | 'clock' | 'log' | 'count' | 'meter'>,
) {
  const { template, stores, lambda, clock, log, count, meter } = options;
  const specs = streamsFromTemplate(template);
  const streams = createDeliveryStreams({
    streams: specs,
    store: stores.objects,
    invoke: (functionName, payload) => lambda.invoke(functionName, payload),
    ...{ clock, log, count, meter },
  });
  return { specs, streams };
}

const queuesOf = ({ queues }: Stores): RuleTargets['queues'] => ({
  /** By name where the template has the queue, by address where a message says it. */
  put: (queue, body) => queues.send(queue.includes('/') ? queues.at(queue) : queues.named(queue), [{ body }]),
});

/** The services that actions send to. */
function targetsOf(options: RulesOptions): RuleTargets {
  const { dataDir, template, stores, lambda, dataStreams, streams, hub, clock } = options;
  return {
    lambda,
    dataStreams,
    streams,
    store: stores.objects,
    topics: stores.topics,
    queues: queuesOf(stores),
    tables: {
      put: async (TableName: string, Item: object) =>
        void (await stores.dynamoDb.call('PutItem', { TableName, Item })),
    },
    logs: createLogGroups({
      dir: path.join(dataDir, 'logs/groups'),
      groups: template.ofType('AWS::Logs::LogGroup').map(({ name }) => name),
    }),
    http: createHttpClient(allowedHosts()),
    publish: createRepublisher({
      publish: (message) => hub.publish(message),
      serves: (topic) => hub.serves(topic),
      clock,
      newId: randomUUID,
    }),
  };
}

/** Opens the rules engine, and what explains its decisions. @throws StartError naming the template line */
export function openRules(options: RulesOptions) {
  const { template, iot, lambda, shadows, clock, log, count, meter } = options;
  const { accountId } = template;
  const declared = rulesFromTemplate(template);
  const recent = keepRecentMessages(
    createRulesEngine({
      rules: declared,
      actions: targetsOf(options),
      lookups: createLookups({ lambda, iot, shadows: () => shadows }),
      ...{ log, clock, count, meter, accountId },
    }),
  );
  const rules = recent.engine;
  const why = createWhy({ recent, clock, accountId, rules: () => [...declared, ...rules.more()] });
  iot.rules.book = openRuleBook({ template, engine: rules, registry: iot.registry, clock, log });
  return { rules, why };
}
