// Puts the local cloud together from the template: first what keeps data, then what moves it, last what lets it in.

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
import type { Project, Warning } from './project.ts';
import { openSchedules } from './scheduler/open.ts';
import type { StackSource } from './stack-source.ts';
import { serviceChecks } from './service-checks.ts';
import { StartError } from './start-error.ts';
import { openStores } from './stores.ts';
import { functionsOf } from './template/functions.ts';
import { loadDomain } from './template/domain-file.ts';
import { loadTemplate } from './template/load.ts';
import { queueHost } from './template/naming.ts';
import { openBrowsers } from './web/browsers.ts';
import { pageOf } from './web/page.ts';
import { HOST, openAws, openDevicePath, openDevices, type Settings } from './open-services.ts';

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
  /** A line for each function that cannot be imported; tries those that no earlier start has imported as they are now. */
  importProblems(): Promise<readonly string[]>;
  /** Who can log in from the first start on; only then. */
  readonly firstUser?: UserPoolService['first'];
  /** Takes nothing new, finishes and archives what came in, and closes the stores. */
  stop(): Promise<void>;
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
  const { broker, why } = await openDevicePath(settings, stores, iot, browsers, aws);
  const mqtt = `mqtts://${HOST}:${broker.port}`;
  const reached = { mqtt, mqttHosts: settings.mqttHosts.reachable, aws: aws.server.url };
  const web = await listening('--web-port', webPort, () =>
    browsers.listen({
      ...{ host: HOST, port: webPort, page: pageOf(settings), refusals: settings.refusals.list, why },
      callable: [aws.server.url],
      ...browsers.siteOf(page, { ...reached, outputs, caPem: iot.ca.certificatePem }),
      broker,
      status: () => ({ totals: counters.all(), outputs }),
      ...(api && { httpApi: { spec: api, invoke: (...call) => aws.lambda.invoke(...call) } }),
    }),
  );
  closers.add(() => web.close());
  const schedules = openSchedules({ ...settings, count: counters.count });
  closers.add(() => schedules.close());
  const url = `http://${HOST}:${web.port}`;
  for (const [name, value] of Object.entries(outputs))
    outputs[name] = value.replaceAll(queueHost(template.region), aws.server.url);
  if (api) Object.assign(outputs, withAddress(outputs, api, url + API_PREFIX));
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
  const { lambda } = aws;
  return {
    endpoints,
    rebuild: lambda.rebuild,
    importProblems: () => lambda.importProblems(),
    firstUser: browsers.userPool?.first,
  };
}

/** Port 0 is any free one, which nobody knows yet. */
const originValue = ({ originParameter, webPort }: StackOptions): Record<string, string> =>
  originParameter === undefined || webPort === 0 ? {} : { [originParameter]: `http://localhost:${webPort}` };

/** @throws StartError, one line that names the thing and the remedy; whatever was open is closed again. */
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
