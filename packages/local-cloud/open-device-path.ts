// Opens the path of a device's message: from the MQTT port to the rules engine, the shadows and the delivery streams.

import path from 'node:path';
import { createAuthorizedClients, type AuthorizedClients } from './authorizers/clients.ts';
import { openFirehoseApi } from './firehose/api.ts';
import type { Iot } from './iot/iot.ts';
import { signingNames } from './iot-data/api.ts';
import { openDataPlane } from './iot-data/open.ts';
import { JOBS_SIGNING_NAME } from './jobs/device-api.ts';
import { openJobs } from './jobs/open.ts';
import { openJournal } from './journal/journal.ts';
import { listening } from './listening.ts';
import type { Authorize } from './mqtt/access.ts';
import { openMqtt } from './mqtt/open.ts';
import type { Aws } from './open-aws.ts';
import type { Settings } from './open-services.ts';
import { openDeliveryStreams, openRules } from './rules/open.ts';
import type { Stores } from './stores.ts';
import type { Browsers } from './web/browsers.ts';

/** A stop waits this long for events; what takes longer, and retries due later, continue after the next start. */
const DRAIN_MILLISECONDS = 10_000;

type Streams = ReturnType<typeof openDeliveryStreams>['streams'];
type Mqtt = Awaited<ReturnType<typeof openMqtt>>;
type DataPlane = Awaited<ReturnType<typeof openDataPlane>>;

async function openBroker(
  settings: Settings,
  authorize: Authorize,
  aws: Aws,
  streams: Streams,
): Promise<Mqtt> {
  const { dataDir, clock, log, counters, closers } = settings;
  const journal = await openJournal({ dir: path.join(dataDir, 'journal'), log, clock });
  closers.add(() => journal.close());
  const mqtt = await openMqtt({
    dir: path.join(dataDir, 'mqtt'),
    journal,
    authorize,
    relieve: () => streams.relieve(),
    isFull: (principal) => aws.lambda.isFull(principal),
    clock,
    log,
    count: counters.count,
  });
  closers.add(() => mqtt.close());
  return mqtt;
}

async function openShadowsAndPublish(
  settings: Settings,
  iot: Iot,
  authorize: Authorize,
  mqtt: Mqtt,
): Promise<DataPlane> {
  const { dataDir, clock, log, counters, closers } = settings;
  const dataPlane = await openDataPlane({
    dir: path.join(dataDir, 'iot/shadows'),
    hub: mqtt.hub,
    retained: mqtt.retained,
    clients: mqtt.clients,
    roleAliases: iot.registry.roleAliases,
    authorize,
    disconnect: (clientId, how) => mqtt.disconnectClient(clientId, 'requested through the API', how),
    clock,
    log,
    count: counters.count,
  });
  closers.add(() => dataPlane.close());
  return dataPlane;
}

/** Opens the MQTT port, and closes the connections of each certificate that is no longer active. */
async function listenForDevices(
  settings: Settings,
  iot: Iot,
  { mqtt, dataPlane, authorized }: { mqtt: Mqtt; dataPlane: DataPlane; authorized: AuthorizedClients },
) {
  const { mqttPort, mqttHosts, closers } = settings;
  const registerLate = iot.justInTime(mqtt.hub);
  const broker = await listening('--mqtt-port', mqttPort, () =>
    mqtt.listen({
      tls: { ...iot.ca.server, ca: iot.ca.certificatePem },
      domains: iot.mqttDomains,
      hosts: mqttHosts.listen,
      port: mqttPort,
      identify(certificate) {
        const found = iot.identify(certificate);
        if ('refused' in found) void registerLate(certificate);
        return found;
      },
      serveHttps: dataPlane.serveDevice,
      custom: {
        ...authorized.ofMqtt,
        serveHttps: (socket) => dataPlane.serveDevice(socket, (req) => authorized.ofRequest(req)),
      },
    }),
  );
  iot.endpoint.port = broker.port;
  closers.add(() => broker.close());
  iot.onChange((change) => {
    if (change.kind === 'certificate' && change.status !== 'ACTIVE')
      broker.disconnectPrincipal(change.certificateId, `certificate is ${change.status}`);
  });
  return broker;
}

/** Opens the jobs, for their API, for devices over HTTP and over MQTT. */
async function openDeviceJobs({ dataDir, clock, log, closers }: Settings, iot: Iot, mqtt: Mqtt, aws: Aws) {
  const jobs = await openJobs({
    ...{ dir: path.join(dataDir, 'iot/jobs'), registry: iot.registry, hub: mqtt.hub, clock, log },
  });
  closers.add(() => jobs.close());
  iot.jobs.open = jobs;
  aws.services[JOBS_SIGNING_NAME] = jobs.handler;
}

/** Opens all of it; messages that an earlier run left unfinished are processed before the port opens. */
export async function openDevicePath(
  settings: Settings,
  stores: Stores,
  iot: Iot,
  browsers: Browsers,
  aws: Aws,
) {
  const { dataDir, clock, log, counters, closers } = settings;
  const { count } = counters;
  const { streams, specs } = openDeliveryStreams({ ...settings, count, stores, ...aws });
  const authorized = createAuthorizedClients({
    ...{ registry: iot.registry, lookup: (connection) => iot.lookup(connection), clock, log },
    invoke: (name, payload) => aws.lambda.invoke(name, payload),
  });
  iot.authorizers.test = (authorizer, arrival) => authorized.test(authorizer, arrival);
  const authorize = authorized.authorizeOr(browsers.authorize);
  const mqtt = await openBroker(settings, authorize, aws, streams);
  const dataPlane = await openShadowsAndPublish(settings, iot, authorize, mqtt);
  const parts = { ...settings, count, stores, iot, ...aws, streams };
  const { rules, why } = openRules({ ...parts, hub: mqtt.hub, shadows: dataPlane.shadows });
  mqtt.hub.setRules(rules);
  mqtt.hub.serve(iot.provisioning(aws.lambda, mqtt.hub));
  for (const name of signingNames) aws.services[name] = dataPlane.handler;
  await openDeviceJobs(settings, iot, mqtt, aws);
  iot.fleet.sources = {
    shadow: (id) => dataPlane.shadows.peek(id),
    connection: (clientId) => mqtt.clients.describe(clientId),
  };
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
  return { broker: await listenForDevices(settings, iot, { mqtt, dataPlane, authorized }), why };
}
