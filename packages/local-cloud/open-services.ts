// Opens the services of a stack, in the order in which they need each other: identities of devices, the AWS port with the
// functions, and the way of a message from the MQTT port to the rules engine.

import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { createCloudFormationHandler } from './aws/cloudformation.ts';
import { createAwsServer } from './aws/server.ts';
import { createStsHandler } from './aws/sts.ts';
import type { AwsHandler } from './aws/wire.ts';
import { openCloudWatch, type Metrics } from './cloudwatch/open.ts';
import type { Meter } from './cloudwatch/meter.ts';
import type { Closers } from './closers.ts';
import { createCounterGauge } from './cloudwatch/counter-gauge.ts';
import { openTableMappings } from './dynamodb/open-mappings.ts';
import { openFirehoseApi } from './firehose/api.ts';
import { openIot, type Iot } from './iot/iot.ts';
import { signingNames } from './iot-data/api.ts';
import { openDataPlane } from './iot-data/open.ts';
import { openJournal } from './journal/journal.ts';
import { openKinesis } from './kinesis/open.ts';
import type { Guard } from './iam/guard.ts';
import { openKms } from './kms/api.ts';
import type { FunctionEvents } from './lambda/function-events.ts';
import { logGroupsOf, openLambda } from './lambda/open.ts';
import { createLogsHandler } from './lambda/log-groups-api.ts';
import { listening } from './listening.ts';
import type { Refusals } from './refusals.ts';
import type { MqttHosts } from './mqtt/hosts.ts';
import { openMqtt } from './mqtt/open.ts';
import { openDeliveryStreams, openRules } from './rules/open.ts';
import { createRoute53Forward } from './route53/forward.ts';
import { createS3Handler } from './s3/api.ts';
import { createSchedulerHandler } from './scheduler/api.ts';
import { createSnsHandler } from './sns/api.ts';
import { createSqsHandler } from './sqs/api.ts';
import { queueMappingsFromTemplate } from './sqs/mapping-spec.ts';
import { createQueueMappings } from './sqs/mappings.ts';
import { measureQueues } from './sqs/queues.ts';
import { destinationsOf, type Stores } from './stores.ts';
import { functionsOf } from './template/functions.ts';
import type { ResolvedTemplate } from './template/resolved.ts';
import type { Browsers } from './web/browsers.ts';
import type { StackOptions } from './stack.ts';

/** Every port but the MQTT port is for this machine only. */
export const HOST = '127.0.0.1';
/** Events that a stop waits for; what takes longer, and retries due later, goes on after the next start. */
const DRAIN_MILLISECONDS = 10_000;

export interface Settings extends StackOptions {
  readonly mqttHosts: MqttHosts;
  readonly template: ResolvedTemplate;
  /** The template and, where it is read, domain.yaml: for what may be declared in either. */
  readonly declared: Pick<ResolvedTemplate, 'ofType'>;
  /** Those of the template, and then with the addresses of this machine. */
  readonly outputs: Record<string, string>;
  /** What hands events to the functions; it opens with them. */
  readonly functions: FunctionEvents;
  readonly closers: Closers;
  readonly guard: Guard;
  readonly refusals: Refusals;
  readonly metrics: Metrics;
  readonly meter: Meter;
}

export async function openDevices({
  dataDir,
  template,
  declared,
  title,
  mqttHosts,
  clock,
  log,
  closers,
}: Settings): Promise<Iot> {
  const { region, accountId } = template;
  const dir = path.join(dataDir, 'iot');
  const iot = await openIot({
    dir,
    region,
    accountId,
    organization: title,
    hosts: mqttHosts.named,
    template: declared,
    clock,
    log,
  });
  closers.add(() => iot.close());
  await iot.seed(template);
  return iot;
}

/** CloudWatch, over what the services measure when it happens and over what is looked at every minute. */
function watchStack(settings: Settings, { queues, topics }: Stores): AwsHandler {
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

/** The AWS port, and the functions, which need its address. */
export async function openAws(settings: Settings, stores: Stores, iot: Iot, browsers: Browsers) {
  const { template, clock, log, counters, closers } = settings;
  let url = '';
  const lambda = openLambda({ ...settings, stores, endpoint: () => url });
  settings.functions.open(lambda);
  const kinesis = await openKinesis({
    dir: path.join(settings.dataDir, 'kinesis'),
    template,
    invoke: (functionName, payload) => lambda.invoke(functionName, payload),
    destinations: destinationsOf(stores),
    clock,
    log,
    count: counters.count,
    meter: settings.meter,
  });
  closers.add(() => kinesis.streams.close());
  const tableMappings = await openTableMappings({
    dir: path.join(settings.dataDir, 'dynamodb/mappings'),
    template,
    tableStreams: stores.dynamoDb.streams,
    invoke: (functionName, payload) => lambda.invoke(functionName, payload),
    destinations: destinationsOf(stores),
    ...{ clock, log, count: counters.count, meter: settings.meter },
  });
  const { queues } = stores;
  const queueMappings = createQueueMappings({
    mappings: queueMappingsFromTemplate(
      template,
      queues.all().map(({ spec }) => spec),
    ),
    queues,
    invoke: (functionName, payload) => lambda.invoke(functionName, payload),
    clock,
    log,
    count: counters.count,
  });
  const services: Record<string, AwsHandler> = {
    s3: createS3Handler(stores.objects, (req, bucket) => settings.guard.hideMissing(req, bucket)),
    dynamodb: stores.dynamoDb.handler,
    sns: createSnsHandler(stores.topics),
    iot: (req: IncomingMessage, res: ServerResponse) => iot.handler(req, res),
    acm: iot.acm,
    lambda: lambda.handler,
    kinesis: kinesis.handler,
    sqs: createSqsHandler({
      ...{ queues, clock, accountId: template.accountId, startedAt: clock.now() },
      endpoint: () => url,
    }),
    'cognito-identity': browsers.cognito,
    ...(browsers.userPool && { 'cognito-idp': browsers.userPool.handler }),
    route53: createRoute53Forward(settings),
    kms: await openKms(settings),
    sts: createStsHandler(template.accountId),
    scheduler: createSchedulerHandler(template, clock.now()),
    logs: createLogsHandler({ groups: logGroupsOf(settings), startedAt: clock.now() }),
    monitoring: watchStack(settings, stores),
    cloudformation: createCloudFormationHandler({ ...template, outputs: settings.outputs }, clock.now()),
  };
  const server = await listenForAws(settings, services, browsers);
  url = server.url;
  closers.add(() => server.close());
  closers.add(() => lambda.close());
  closers.add(() => kinesis.mappings.close());
  closers.add(() => tableMappings.close());
  closers.add(async () => {
    queueMappings.close();
    queues.stopReceiving();
  });
  const functions = functionsOf(template).length;
  log.info('building the functions', { functions }, `building ${functions} functions`);
  await lambda.ready();
  kinesis.mappings.start();
  tableMappings.start();
  queueMappings.start();
  return { server, services, lambda, dataStreams: kinesis.streams };
}

type Aws = Awaited<ReturnType<typeof openAws>>;

/** From the rules engine to the MQTT port; what an earlier run left unfinished is taken up first. */
export async function openDevicePath(
  settings: Settings,
  stores: Stores,
  iot: Iot,
  browsers: Browsers,
  aws: Aws,
) {
  const { dataDir, mqttPort, mqttHosts, clock, log, counters, closers } = settings;
  const { count } = counters;
  const { streams, specs } = openDeliveryStreams({ ...settings, count, stores, ...aws });
  const journal = await openJournal({ dir: path.join(dataDir, 'journal'), log, clock });
  closers.add(() => journal.close());
  const mqtt = await openMqtt({
    dir: path.join(dataDir, 'mqtt'),
    journal,
    authorize: browsers.authorize,
    relieve: () => streams.relieve(),
    isFull: (principal) => aws.lambda.isFull(principal),
    clock,
    log,
    count,
  });
  closers.add(() => mqtt.close());
  const dataPlane = await openDataPlane({
    dir: path.join(dataDir, 'iot/shadows'),
    hub: mqtt.hub,
    retained: mqtt.retained,
    clients: mqtt.clients,
    authorize: browsers.authorize,
    disconnect: (clientId, how) => mqtt.disconnectClient(clientId, 'asked for by API', how),
    clock,
    log,
    count,
  });
  closers.add(() => dataPlane.close());
  const parts = { ...settings, count, stores, iot, ...aws, streams };
  const { rules, why } = openRules({ ...parts, hub: mqtt.hub, shadows: dataPlane.shadows });
  mqtt.hub.setRules(rules);
  mqtt.hub.serve(iot.provisioning(aws.lambda, mqtt.hub));
  for (const name of signingNames) aws.services[name] = dataPlane.handler;
  const firehose = await openFirehoseApi({
    ...{ dir: path.join(dataDir, 'firehose'), specs, streams, log, startedAt: clock.now() },
  });
  aws.services['firehose'] = firehose.handler;
  closers.add(() => firehose.close());
  closers.add(async () => {
    await aws.lambda.drain(DRAIN_MILLISECONDS);
    await streams.close();
  });
  await mqtt.hub.recover();
  const broker = await listening('--mqtt-port', mqttPort, () =>
    mqtt.listen({
      tls: { ...iot.ca.server, ca: iot.ca.certificatePem },
      domains: iot.mqttDomains,
      hosts: mqttHosts.listen,
      port: mqttPort,
      identify: (certificate) => iot.identify(certificate),
      serveHttps: dataPlane.serveDevice,
    }),
  );
  iot.endpoint.port = broker.port;
  closers.add(() => broker.close());
  iot.onChange((change) => {
    if (change.kind === 'certificate' && change.status !== 'ACTIVE') {
      broker.disconnectPrincipal(change.certificateId, `certificate is ${change.status}`);
    }
  });
  return { broker, why };
}
