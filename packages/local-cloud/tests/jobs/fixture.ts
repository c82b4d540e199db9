// Jobs on a broker and a registry of their own, with the API in front of them, for the tests of this room.

import path from 'node:path';
import * as iotApi from '@aws-sdk/client-iot';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { createAwsServer } from '../../aws/server.ts';
import { JOBS_SIGNING_NAME } from '../../jobs/device-api.ts';
import { openJobs } from '../../jobs/open.ts';
import { silentLog } from '../../log.ts';
import { openTestIot } from '../iot/iot-fixture.ts';
import { startCloud } from '../shadow/fixture.ts';

export const DOCUMENT = '{"operation":"reboot"}';

interface DeviceAnswer {
  readonly message?: string;
  readonly execution?: Readonly<Record<string, unknown>>;
  readonly executionState?: Readonly<Record<string, unknown>>;
  readonly queuedJobs?: readonly Readonly<Record<string, unknown>>[];
  readonly inProgressJobs?: readonly Readonly<Record<string, unknown>>[];
}

export async function startJobs(dir?: string) {
  const cloud = await startCloud(dir === undefined ? {} : { dir });
  const { iot } = await openTestIot({ dir: path.join(cloud.dir, 'iot'), clock: cloud.clock });
  const jobs = await openJobs({
    ...{ dir: path.join(cloud.dir, 'jobs'), registry: iot.registry, hub: cloud.mqtt.hub },
    ...{ clock: cloud.clock, log: silentLog },
  });
  iot.jobs.open = jobs;
  const services = {
    iot: (...[req, res]: Parameters<typeof iot.handler>) => iot.handler(req, res),
    [JOBS_SIGNING_NAME]: jobs.handler,
  };
  const server = await createAwsServer({
    host: '127.0.0.1',
    port: 0,
    services,
    log: silentLog,
    count: () => {},
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new iotApi.IoTClient({
    ...{ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 },
  });
  cleanup(async () => {
    client.destroy();
    await server.close();
    await jobs.close();
  });

  /** One call of the data plane, as a device's SDK makes it: status and body. */
  const device = async (method: string, at: string, body?: object) => {
    const scope = `local/20261120/us-east-1/${JOBS_SIGNING_NAME}/aws4_request`;
    const response = await fetch(`${server.url}/things/${at}`, {
      method,
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=x` },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as DeviceAnswer;
    return { status: response.status, code: response.headers.get('x-amzn-errortype'), ...answer };
  };

  const makeThing = async (thingName: string) =>
    (await client.send(new iotApi.CreateThingCommand({ thingName }))).thingArn!;
  /** A job on things that are made for it. */
  const makeJob = async (jobId: string, things: readonly string[], options: object = {}) => {
    const targets = await Promise.all(things.map(makeThing));
    await client.send(new iotApi.CreateJobCommand({ jobId, targets, document: DOCUMENT, ...options }));
  };
  const describe = async (jobId: string) =>
    (await client.send(new iotApi.DescribeJobCommand({ jobId }))).job!;
  const execution = async (jobId: string, thingName: string) =>
    (await client.send(new iotApi.DescribeJobExecutionCommand({ jobId, thingName }))).execution!;
  return { ...cloud, iot, jobs, client, device, makeThing, makeJob, describe, execution };
}
