// Puts the local cloud together from the template: first what keeps data, then what moves it, last what lets it in.
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { createCloudFormationHandler } from './aws/cloudformation.ts';
import { createAwsServer } from './aws/server.ts';
import { createStsHandler } from './aws/sts.ts';
import type { AwsHandler } from './aws/wire.ts';
import type { Clock } from './clock.ts';
import type { UserPoolService } from './cognito/cognito.ts';
import { withLoginAddress } from './cognito/user-pool.ts';
import { createClosers, type Closers } from './closers.ts';
import type { Counters } from './counters.ts';
import { requireLasting, writeEndpoints, type Endpoints } from './endpoints.ts';
import { apiFromTemplate, withAddress } from './http-api/api-spec.ts';
import { apiPrefix } from './http-api/gateway.ts';
import { openIot, type Iot } from './iot/iot.ts';
import { signingNames } from './iot-data/api.ts';
import { openDataPlane } from './iot-data/open.ts';
import { openJournal } from './journal/journal.ts';
import { openKinesis } from './kinesis/open.ts';
import type { Rebuild } from './lambda/rebuild.ts';
import { openLambda } from './lambda/open.ts';
import { listening } from './listening.ts';
import type { Log } from './log.ts';
import { keepRefusals, type Refusals } from './refusals.ts';
import { loopbackOnly, type MqttHosts } from './mqtt/hosts.ts';
import { openMqtt } from './mqtt/open.ts';
import { openRules, type Doors } from './rules/open.ts';
import type { Project, Warning } from './project.ts';
import { createRoute53Forward } from './route53/forward.ts';
import { createS3Handler } from './s3/api.ts';
import { openSchedules } from './scheduler/open.ts';
import { createSnsHandler } from './sns/api.ts';
import { createSqsHandler } from './sqs/api.ts';
import { queueMappingsFromTemplate } from './sqs/mapping-spec.ts';
import { createQueueMappings } from './sqs/mappings.ts';
import type { StackSource } from './stack-source.ts';
import { StartError } from './start-error.ts';
import { destinationsOf, openStores, type Stores } from './stores.ts';
import { functionsOf } from './template/functions.ts';
import { loadDomain } from './template/domain-file.ts';
import { loadTemplate } from './template/load.ts';
import { queueHost } from './template/naming.ts';
import type { ResolvedTemplate } from './template/resolved.ts';
import { openBrowsers, type Browsers } from './web/browsers.ts';
import { pageOf } from './web/page.ts';

export interface StackOptions extends Pick<Project, 'page' | 'originParameter'> {
  readonly source: StackSource;
  readonly overrides: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** 0 lets the system choose a free port. */
  readonly mqttPort: number;
  /** Where the MQTT port is opened, loopback if absent; every other port is for this machine only. */
  readonly mqttHosts?: MqttHosts;
  readonly awsPort: number;
  readonly webPort: number;
  /** Heading of the status page, and the organization of a new CA. */
  readonly title: string;
  /** What the user starts this with. */
  readonly startCommand: string;
  /** What `serve` follows in the command for names, such as `npm run dns --`. */
  readonly dnsCommand: string;
  readonly warnings?: readonly Warning[];
  readonly lasting?: Project['lasting'];
  readonly faults?: Project['faults'];
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
}

export interface Stack {
  readonly endpoints: Endpoints;
  readonly rebuild: Rebuild;
  /** Who can log in from the first start on; only then. */
  readonly firstUser?: UserPoolService['first'];
  /** Takes nothing new, finishes and archives what came in, and closes the stores. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
/** Events that a stop waits for; what takes longer, and retries due later, goes on after the next start. */
const drainMilliseconds = 10_000;

interface Settings extends StackOptions {
  readonly mqttHosts: MqttHosts;
  readonly template: ResolvedTemplate;
  /** The template and, where it is read, domain.yaml: for what may be declared in either. */
  readonly declared: Pick<ResolvedTemplate, 'ofType'>;
  /** Those of the template, and then with the addresses of this machine. */
  readonly outputs: Record<string, string>;
  readonly closers: Closers;
  readonly refusals: Refusals;
}

async function openDevices({
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

/** The AWS port, and the functions, which need its address. */
async function openAws(settings: Settings, stores: Stores, iot: Iot, browsers: Browsers) {
  const { awsPort, template, clock, log, counters, closers } = settings;
  let url = '';
  const lambda = openLambda({ ...settings, stores, endpoint: () => url });
  const kinesis = await openKinesis({
    dir: path.join(settings.dataDir, 'kinesis'),
    template,
    invoke: (functionName, payload) => lambda.invoke(functionName, payload),
    destinations: destinationsOf(stores),
    clock,
    log,
    count: counters.count,
  });
  closers.add(() => kinesis.streams.close());
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
    s3: createS3Handler(stores.objects),
    dynamodb: stores.dynamoDb.handler,
    sns: createSnsHandler(stores.topics),
    iot: (req: IncomingMessage, res: ServerResponse) => iot.handler(req, res),
    acm: iot.acm,
    lambda: lambda.handler,
    kinesis: kinesis.handler,
    sqs: createSqsHandler({
      queues,
      clock,
      accountId: template.accountId,
      startedAt: clock.now(),
      endpoint: () => url,
    }),
    'cognito-identity': browsers.cognito,
    ...(browsers.userPool && { 'cognito-idp': browsers.userPool.handler }),
    route53: createRoute53Forward(settings),
    sts: createStsHandler(template.accountId),
    cloudformation: createCloudFormationHandler({ ...template, outputs: settings.outputs }, clock.now()),
  };
  const server = await listening('--aws-port', awsPort, () =>
    createAwsServer({ host, port: awsPort, services, ...browsers.awsPort, log, count: counters.count }),
  );
  url = server.url;
  closers.add(() => server.close());
  closers.add(() => lambda.close());
  closers.add(() => kinesis.mappings.close());
  closers.add(async () => {
    queueMappings.close();
    queues.stopReceiving();
  });
  const functions = functionsOf(template).length;
  log.info('building the functions', { functions }, `building ${functions} functions`);
  await lambda.ready();
  kinesis.mappings.start();
  queueMappings.start();
  return { server, services, lambda, dataStreams: kinesis.streams };
}

type Aws = Awaited<ReturnType<typeof openAws>>;

/** From the rules engine to the MQTT port; what an earlier run left unfinished is taken up first. */
async function openDevicePath(settings: Settings, stores: Stores, iot: Iot, browsers: Browsers, aws: Aws) {
  const { dataDir, mqttPort, mqttHosts, clock, log, counters, closers } = settings;
  const { count } = counters;
  const doors: Doors = {};
  const { rules, streams } = openRules({ ...settings, count, stores, iot, ...aws, doors });
  const journal = await openJournal({ dir: path.join(dataDir, 'journal'), log, clock });
  closers.add(() => journal.close());
  const mqtt = await openMqtt({
    dir: path.join(dataDir, 'mqtt'),
    journal,
    rules,
    authorize: browsers.authorize,
    relieve: () => streams.relieve(),
    isFull: (principal) => aws.lambda.isFull(principal),
    clock,
    log,
    count,
  });
  closers.add(() => mqtt.close());
  doors.hub = mqtt.hub;
  const dataPlane = await openDataPlane({
    dir: path.join(dataDir, 'iot/shadows'),
    hub: mqtt.hub,
    retained: mqtt.retained,
    clients: mqtt.clients,
    authorize: browsers.authorize,
    disconnect: (clientId, how) => doors.broker?.disconnectClient(clientId, 'asked for by API', how) ?? false,
    clock,
    log,
    count,
  });
  closers.add(() => dataPlane.close());
  doors.shadows = dataPlane.shadows;
  mqtt.hub.serve(iot.provisioning(aws.lambda, mqtt.hub));
  for (const name of signingNames) aws.services[name] = dataPlane.handler;
  closers.add(async () => {
    await aws.lambda.drain(drainMilliseconds);
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
  doors.broker = broker;
  closers.add(() => broker.close());
  iot.onChange((change) => {
    if (change.kind === 'certificate' && change.status !== 'ACTIVE') {
      broker.disconnectPrincipal(change.certificateId, `certificate is ${change.status}`);
    }
  });
  return broker;
}

async function open(settings: Settings): Promise<Omit<Stack, 'stop'>> {
  const { dataDir, webPort, page, template, outputs, counters, closers } = settings;
  const api = apiFromTemplate(template);
  settings.log.info('opening what is stored', { dataDir }, `opening ${dataDir}`);
  const stores = await openStores(settings);
  const iot = await openDevices(settings);
  const browsers = await openBrowsers({ ...settings, iot, count: counters.count });
  const aws = await openAws(settings, stores, iot, browsers);
  settings.log.info('opening the MQTT port and the web port');
  const broker = await openDevicePath(settings, stores, iot, browsers, aws);
  const mqtt = `mqtts://${host}:${broker.port}`;
  const reached = { mqtt, mqttHosts: settings.mqttHosts.reachable, aws: aws.server.url };
  const web = await listening('--web-port', webPort, () =>
    browsers.listen({
      ...{ host, port: webPort, page: pageOf(settings), refusals: settings.refusals.list },
      callable: [aws.server.url],
      ...browsers.siteOf(page, { ...reached, outputs, caPem: iot.ca.certificatePem }),
      broker,
      status: () => ({ totals: counters.all(), outputs }),
      ...(api && { httpApi: { spec: api, invoke: (...call) => aws.lambda.invoke(...call) } }),
    }),
  );
  closers.add(() => web.close());
  const schedules = openSchedules({ ...settings, lambda: aws.lambda, count: counters.count });
  closers.add(() => schedules.close());
  const url = `http://${host}:${web.port}`;
  for (const [name, value] of Object.entries(outputs))
    outputs[name] = value.replaceAll(queueHost(template.region), aws.server.url);
  if (api) Object.assign(outputs, withAddress(outputs, api, url + apiPrefix));
  // By the name that pages have it by: a page may only read answers of its own origin.
  const loginUrl = `http://localhost:${web.port}`;
  Object.assign(outputs, withLoginAddress(outputs, browsers.userPool?.users.pool, loginUrl));
  const endpoints = {
    ...reached,
    mqttDomains: iot.mqttDomains.map(({ name }) => name),
    web: url,
    ca: iot.ca.certificateFile,
    outputs,
    functions: Object.fromEntries(functionsOf(template).map(({ logicalId, name }) => [logicalId, name])),
    parameters: Object.fromEntries(
      Object.entries(template.parameters).filter(([name]) => !template.hiddenParameters.has(name)),
    ),
  };
  writeEndpoints(dataDir, endpoints);
  return { endpoints, rebuild: aws.lambda.rebuild, firstUser: browsers.userPool?.first };
}

/** Port 0 is any free one, which nobody knows yet. */
const originValue = ({ originParameter, webPort }: StackOptions): Record<string, string> =>
  originParameter === undefined || webPort === 0 ? {} : { [originParameter]: `http://localhost:${webPort}` };

/** @throws StartError, one line that names the thing and the remedy; whatever was open is closed again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { domain, ...rest } = loadDomain({ ...options.source, overrides: options.overrides });
  const template = loadTemplate({ ...options.source, ...rest, defaults: originValue(options) });
  for (const { without, message } of options.warnings ?? [])
    if (template.ofType(without).length === 0) options.log.warn(message);
  requireLasting(options.dataDir, template.parameters, options.lasting ?? []);
  const faults = options.faults?.(template.parameters) ?? [];
  if (faults.length > 0) throw new StartError(faults);
  const closers = createClosers();
  try {
    const refusals = keepRefusals(options.log, options.clock);
    const opened = await open({
      ...options,
      ...{ refusals, log: refusals.log },
      mqttHosts: options.mqttHosts ?? loopbackOnly,
      template,
      declared: { ofType: (type) => [template, domain].flatMap((each) => each?.ofType(type) ?? []) },
      outputs: { ...template.outputs },
      closers,
    });
    return { ...opened, stop: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}
