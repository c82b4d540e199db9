// Opens the local cloud from the template: first what keeps data, then what moves it, last what lets it in.

import type { Clock } from './clock.ts';
import { openMetrics } from './cloudwatch/open.ts';
import type { UserPoolService } from './cognito/cognito.ts';
import { withLoginAddress } from './cognito/user-pool.ts';
import { createClosers } from './closers.ts';
import type { Counters } from './counters.ts';
import { requireLasting, writeEndpoints, type Endpoints } from './endpoints.ts';
import { apiFromTemplate, withAddress } from './http-api/api-spec.ts';
import { API_PREFIX } from './http-api/gateway.ts';
import { createGuard } from './iam/guard.ts';
import { createFunctionEvents } from './lambda/function-events.ts';
import type { Rebuild } from './lambda/rebuild.ts';
import { listening } from './listening.ts';
import type { Log } from './log.ts';
import { keepRefusals } from './refusals.ts';
import { loopbackOnly, type MqttHosts } from './mqtt/hosts.ts';
import type { PageStack, Project, Warning } from './project.ts';
import { openSchedules } from './scheduler/open.ts';
import type { StackSource } from './stack-source.ts';
import { serviceChecks } from './service-checks.ts';
import { StartError } from './start-error.ts';
import { openStores } from './stores.ts';
import { functionsOf } from './template/functions.ts';
import { loadDomain } from './template/domain-file.ts';
import { loadTemplate } from './template/load.ts';
import { queueHost } from './template/naming.ts';
import type { ResolvedTemplate } from './template/resolved.ts';
import { openBrowsers, type Browsers } from './web/browsers.ts';
import { pageOf } from './web/page.ts';
import { openAws, type Aws } from './open-aws.ts';
import { openDevicePath } from './open-device-path.ts';
import { HOST, openDevices, type Settings } from './open-services.ts';

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
  /** Whether calls that a function's role does not allow are refused, as on AWS; true if absent. */
  readonly enforcesIam?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
}

export interface Stack {
  readonly endpoints: Endpoints;
  readonly rebuild: Rebuild;
  /** A line for each function that cannot be imported. Tries only those that changed since they last imported. */
  importProblems(): Promise<readonly string[]>;
  /** The user that the first start creates; absent at later starts. */
  readonly firstUser?: UserPoolService['first'];
  /** Accepts nothing new, finishes and archives what came in, and closes the stores. */
  stop(): Promise<void>;
}

type DevicePath = Awaited<ReturnType<typeof openDevicePath>>;

/** Opens the web port: the page, the login, the HTTP API and MQTT over WebSocket. */
async function listenForBrowsers(
  settings: Settings,
  { browsers, aws, broker, why }: { browsers: Browsers; aws: Aws } & DevicePath,
  reached: Omit<PageStack, 'region' | 'callbacks'>,
) {
  const { webPort, page, template, outputs, counters, closers } = settings;
  const spec = apiFromTemplate(template);
  const web = await listening('--web-port', webPort, () =>
    browsers.listen({
      ...{ host: HOST, port: webPort, page: pageOf(settings), refusals: settings.refusals.list, why },
      callable: [aws.server.url],
      ...browsers.siteOf(page, reached),
      broker,
      status: () => ({ totals: counters.all(), outputs }),
      ...(spec && { httpApi: { spec, invoke: (...call) => aws.lambda.invoke(...call) } }),
    }),
  );
  closers.add(() => web.close());
  return web;
}

/** Puts the addresses of this machine into the outputs, in place of those on AWS. */
function placeAddresses(
  { outputs, template }: Settings,
  browsers: Browsers,
  aws: Aws,
  webPort: number,
): void {
  for (const [name, value] of Object.entries(outputs))
    outputs[name] = value.replaceAll(queueHost(template.region), aws.server.url);
  const api = apiFromTemplate(template);
  if (api) Object.assign(outputs, withAddress(outputs, api, `http://${HOST}:${webPort}${API_PREFIX}`));
  // The page is opened as `localhost`, and a page may only read answers of its own origin.
  const loginUrl = `http://localhost:${webPort}`;
  Object.assign(outputs, withLoginAddress(outputs, browsers.userPool?.users.pool, loginUrl));
}

/** Names of the functions and values of the parameters, for `endpoints.json`. */
const declaredIn = (template: ResolvedTemplate): Pick<Endpoints, 'functions' | 'parameters'> => ({
  functions: Object.fromEntries(functionsOf(template).map(({ logicalId, name }) => [logicalId, name])),
  parameters: Object.fromEntries(
    Object.entries(template.parameters).filter(([name]) => !template.hiddenParameters.has(name)),
  ),
});

async function open(settings: Settings): Promise<Omit<Stack, 'stop'>> {
  const { dataDir, template, outputs, counters, closers, log } = settings;
  log.info('opening the stored data', { dataDir }, `opening ${dataDir}`);
  const stores = await openStores(settings);
  const iot = await openDevices(settings);
  const browsers = await openBrowsers({ ...settings, iot, count: counters.count });
  const aws = await openAws(settings, stores, iot, browsers);
  log.info('opening the MQTT port and the web port');
  const devicePath = await openDevicePath(settings, stores, iot, browsers, aws);
  const mqtt = `mqtts://${HOST}:${devicePath.broker.port}`;
  const reached = { mqtt, mqttHosts: settings.mqttHosts.reachable, aws: aws.server.url };
  const forPage = { ...reached, outputs, caPem: iot.ca.certificatePem };
  const web = await listenForBrowsers(settings, { browsers, aws, ...devicePath }, forPage);
  const schedules = openSchedules({ ...settings, count: counters.count });
  closers.add(() => schedules.close());
  placeAddresses(settings, browsers, aws, web.port);
  const endpoints = {
    ...reached,
    mqttDomains: iot.mqttDomains.map(({ name }) => name),
    web: `http://${HOST}:${web.port}`,
    ca: iot.ca.certificateFile,
    outputs,
    ...declaredIn(template),
  };
  writeEndpoints(dataDir, endpoints);
  return {
    endpoints,
    rebuild: aws.lambda.rebuild,
    importProblems: () => aws.lambda.importProblems(),
    firstUser: browsers.userPool?.first,
  };
}

/** Port 0 is any free one, not known before the port opens. */
const originValue = ({ originParameter, webPort }: StackOptions): Record<string, string> =>
  originParameter === undefined || webPort === 0 ? {} : { [originParameter]: `http://localhost:${webPort}` };

/** @throws StartError, one line that names the thing and the remedy; what was open is closed again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { domain, ...rest } = loadDomain({ ...options.source, overrides: options.overrides });
  const template = loadTemplate({
    ...options.source,
    ...rest,
    defaults: originValue(options),
    checks: serviceChecks,
  });
  for (const { without, message } of options.warnings ?? [])
    if (template.ofType(without).length === 0) options.log.warn(message);
  requireLasting(options.dataDir, template.parameters, options.lasting ?? []);
  const faults = options.faults?.(template.parameters) ?? [];
  if (faults.length > 0) throw new StartError(faults);
  const closers = createClosers();
  try {
    const refusals = keepRefusals(options.log, options.clock);
    const metrics = openMetrics({ ...options, log: refusals.log, closers });
    const guard = createGuard({
      ...{ template, dataDir: options.dataDir, enforces: options.enforcesIam ?? true },
      ...{ clock: options.clock, log: refusals.log, count: options.counters.count },
    });
    closers.add(() => guard.close());
    const opened = await open({
      guard,
      ...options,
      ...{ refusals, log: refusals.log, metrics, meter: metrics.meter },
      mqttHosts: options.mqttHosts ?? loopbackOnly,
      template,
      declared: { ofType: (type) => [template, domain].flatMap((each) => each?.ofType(type) ?? []) },
      outputs: { ...template.outputs },
      functions: createFunctionEvents(options.clock),
      closers,
    });
    return { ...opened, stop: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}
