// Opens the AWS port and the functions, which need its address.

import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { createCloudFormationHandler } from './aws/cloudformation.ts';
import { createAwsServer } from './aws/server.ts';
import { createStsHandler } from './aws/sts.ts';
import type { AwsHandler } from './aws/wire.ts';
import { createCounterGauge } from './cloudwatch/counter-gauge.ts';
import { openCloudWatch } from './cloudwatch/open.ts';
import { openTableMappings } from './dynamodb/open-mappings.ts';
import { createIamHandler } from './iam/account-api.ts';
import { openAccountStore } from './iam/account-store.ts';
import type { Iot } from './iot/iot.ts';
import { openKinesis } from './kinesis/open.ts';
import { openKms } from './kms/api.ts';
import { logGroupArns, logGroupsOf, openLambda } from './lambda/open.ts';
import { createLogsHandler } from './lambda/log-groups-api.ts';
import { openLambdaPermissions } from './lambda/permissions-api.ts';
import { listening } from './listening.ts';
import { HOST, type Settings } from './open-services.ts';
import { createRoute53Forward } from './route53/forward.ts';
import { createMadeLogGroups } from './rules/made-log-groups.ts';
import { createS3Handler } from './s3/api.ts';
import { createSchedulerHandler } from './scheduler/api.ts';
import { createSnsHandler } from './sns/api.ts';
import { createSqsHandler } from './sqs/api.ts';
import { queueMappingsFromTemplate } from './sqs/mapping-spec.ts';
import { createQueueMappings } from './sqs/mappings.ts';
import { measureQueues } from './sqs/queues.ts';
import { destinationsOf, type Stores } from './stores.ts';
import { functionsOf } from './template/functions.ts';
import type { Browsers } from './web/browsers.ts';

/** CloudWatch: the services measure as things happen, the gauges just before a minute ends. */
function openMonitoring(settings: Settings, { queues, topics }: Stores): AwsHandler {
  const { metrics, counters, clock, functions } = settings;
  metrics.beforeMinuteEnds((meter) => measureQueues(queues, meter, clock.now()));
  metrics.beforeMinuteEnds(createCounterGauge(counters));
  const targets = {
    publish: topics.publish,
    accept: (arn: string, payload: string) => functions.accept(arn, payload),
  };
  return openCloudWatch({ ...settings, targets }).handler;
}

const listenForAws = (
  { awsPort, guard, log, counters }: Settings,
  services: Record<string, AwsHandler>,
  browsers: Browsers,
) =>
  listening('--aws-port', awsPort, () =>
    createAwsServer({
      ...{ host: HOST, port: awsPort, services, ...browsers.awsPort, log, count: counters.count },
      admit: (req, service) => guard.admit(req, service),
    }),
  );

type Lambda = ReturnType<typeof openLambda>;

/** Opens what hands records of data streams, table streams and queues to functions, in batches. Call `start` once functions can run. */
async function openMappings(settings: Settings, stores: Stores, lambda: Lambda) {
  const { dataDir, template, clock, log, closers, meter } = settings;
  const { queues } = stores;
  const shared = {
    ...{ template, clock, log, meter, count: settings.counters.count, destinations: destinationsOf(stores) },
    invoke: (...call: Parameters<Lambda['invoke']>) => lambda.invoke(...call),
  };
  const kinesis = await openKinesis({ dir: path.join(dataDir, 'kinesis'), ...shared });
  closers.add(() => kinesis.streams.close());
  const tableMappings = await openTableMappings({
    dir: path.join(dataDir, 'dynamodb/mappings'),
    tableStreams: stores.dynamoDb.streams,
    ...shared,
  });
  const queueSpecs = queues.all().map(({ spec }) => spec);
  const queueMappings = createQueueMappings({
    ...{ mappings: queueMappingsFromTemplate(template, queueSpecs), queues },
    ...shared,
  });
  return {
    kinesis,
    start() {
      kinesis.mappings.start();
      tableMappings.start();
      queueMappings.start();
    },
    /** Run them before the functions close. */
    closers: [
      () => kinesis.mappings.close(),
      () => tableMappings.close(),
      () => {
        queueMappings.close();
        queues.stopReceiving();
      },
    ],
  };
}

interface Opened {
  readonly stores: Stores;
  readonly iot: Iot;
  readonly browsers: Browsers;
  readonly lambda: Lambda;
  readonly kinesis: Awaited<ReturnType<typeof openKinesis>>;
  /** The address of the AWS port, known once it listens. */
  readonly endpoint: () => string;
}

async function openLambdaApi({ dataDir, template, log, closers }: Settings, lambda: Lambda) {
  const dir = path.join(dataDir, 'lambda');
  const { handler, close } = await openLambdaPermissions(lambda.handler, { dir, template, log });
  closers.add(close);
  return handler;
}

async function openIam({ dataDir, template, clock, log, closers }: Settings): Promise<AwsHandler> {
  const store = await openAccountStore(path.join(dataDir, 'iam'), log);
  closers.add(() => store.close());
  return createIamHandler({ store, template, clock });
}

/** The services of the AWS port, by the names that requests are signed for. */
async function servicesOf(settings: Settings, opened: Opened): Promise<Record<string, AwsHandler>> {
  const { template, clock, guard, outputs } = settings;
  const { stores, iot, browsers, lambda, kinesis, endpoint } = opened;
  const { accountId } = template;
  const startedAt = clock.now();
  return {
    s3: createS3Handler(stores.objects, (req, bucket) => guard.hideMissing(req, bucket)),
    dynamodb: stores.dynamoDb.handler,
    sns: createSnsHandler(stores.topics),
    iot: (req: IncomingMessage, res: ServerResponse) => iot.handler(req, res),
    acm: iot.acm,
    lambda: await openLambdaApi(settings, lambda),
    kinesis: kinesis.handler,
    sqs: createSqsHandler({ queues: stores.queues, clock, accountId, startedAt, endpoint }),
    'cognito-identity': browsers.cognito,
    ...(browsers.userPool && { 'cognito-idp': browsers.userPool.handler }),
    route53: createRoute53Forward(settings),
    kms: await openKms(settings),
    sts: createStsHandler(accountId),
    iam: await openIam(settings),
    scheduler: createSchedulerHandler(template, startedAt),
    logs: createLogsHandler({
      groups: logGroupsOf(settings),
      made: createMadeLogGroups(path.join(settings.dataDir, 'logs/groups'), logGroupArns(template)),
      startedAt,
    }),
    monitoring: openMonitoring(settings, stores),
    cloudformation: createCloudFormationHandler({ ...template, outputs }, startedAt),
  };
}

/** Opens the AWS port and the functions; resolves when the functions are built and take events. */
export async function openAws(settings: Settings, stores: Stores, iot: Iot, browsers: Browsers) {
  const { template, log, closers } = settings;
  let url = '';
  const endpoint = () => url;
  const lambda = openLambda({ ...settings, stores, endpoint });
  settings.functions.open(lambda);
  const mappings = await openMappings(settings, stores, lambda);
  const { kinesis } = mappings;
  const services = await servicesOf(settings, { stores, iot, browsers, lambda, kinesis, endpoint });
  const server = await listenForAws(settings, services, browsers);
  url = server.url;
  closers.add(() => server.close());
  closers.add(() => lambda.close());
  for (const close of mappings.closers) closers.add(close);
  const functions = functionsOf(template).length;
  log.info('building the functions', { functions }, `building ${functions} functions`);
  await lambda.ready();
  mappings.start();
  return { server, services, lambda, dataStreams: kinesis.streams };
}

export type Aws = Awaited<ReturnType<typeof openAws>>;
