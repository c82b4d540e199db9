// Where a fleet connects to: the local cloud as its endpoints file tells, or AWS IoT Core by the AWS API.
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { Credentials } from './identities.ts';
import { SimError } from './options.ts';

export interface NewDevice {
  readonly name: string;
  readonly group: string;
  readonly site: string;
}

export interface Target {
  /** `mqtts://host:port` */
  readonly url: string;
  /** PEM of the authority that signed the broker's certificate; the system's own list when absent. */
  readonly ca: string | undefined;
  /** Makes thing, key and certificate through the AWS IoT API. */
  create(device: NewDevice): Promise<Credentials>;
  /** @throws SimError when nothing listens at `url`. */
  check(): Promise<void>;
  close(): void;
}

const probeMs = 10_000;

function probe(url: string, remedy: string): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 8883) });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new SimError(`no broker at ${url} (${reason}): ${remedy}`));
    };
    socket.setTimeout(probeMs, () => fail('no answer'));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** The AWS SDK is loaded only when a device must be made: a second run starts without it. */
async function connectIot(endpoint?: string): Promise<IoTClient> {
  const { createIotClient } = await import('./onboarding.ts');
  return createIotClient({ endpoint });
}

function createTarget(
  url: string,
  ca: string | undefined,
  endpoint: string | undefined,
  remedy: string,
): Target {
  let client: Promise<IoTClient> | undefined;
  return {
    url,
    ca,
    async create({ name, group, site }) {
      try {
        client ??= connectIot(endpoint);
        const { onboard } = await import('./onboarding.ts');
        const attributes = { site };
        return await onboard(await client, {
          name,
          type: 'sensor',
          group,
          attributes,
          policy: 'TidegateDevice',
        });
      } catch (error) {
        throw new SimError(`device ${name} cannot be made: ${(error as Error).message}: ${remedy}`, {
          cause: error,
        });
      }
    },
    check: () => probe(url, remedy),
    close: () => void client?.then((made) => made.destroy()),
  };
}

interface Endpoints {
  readonly mqtt: string;
  readonly aws: string;
  /** Path of the CA certificate. */
  readonly ca: string;
}

const startFirst = 'run npm start first, or name the folder of a running one with --data-dir';

function readEndpoints(dataDir: string): Endpoints {
  const file = path.join(dataDir, 'endpoints.json');
  if (!existsSync(file)) throw new SimError(`no local cloud in ${dataDir}: ${startFirst}`);
  try {
    const { mqtt, aws, ca } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (typeof mqtt === 'string' && typeof aws === 'string' && typeof ca === 'string')
      return { mqtt, aws, ca };
  } catch (error) {
    throw new SimError(`${file} cannot be read (${(error as Error).message}): run npm start again`, {
      cause: error,
    });
  }
  throw new SimError(`${file} names no mqtt, aws and ca: run npm start again`);
}

/** @throws SimError when no local cloud has run in `dataDir`. */
export function localTarget(dataDir: string): Target {
  const { mqtt, aws, ca } = readEndpoints(dataDir);
  return createTarget(mqtt, readFileSync(path.resolve(dataDir, ca), 'utf8'), aws, startFirst);
}

/**
 * The account and region of the ordinary AWS configuration.
 *
 * @throws SimError when AWS does not answer.
 */
export async function awsTarget(): Promise<Target> {
  const remedy =
    'check the AWS credentials and region, and that the stack is deployed; for the local cloud add --local';
  try {
    const { DescribeEndpointCommand } = await import('@aws-sdk/client-iot');
    const client = await connectIot();
    const { endpointAddress } = await client.send(
      new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
    );
    client.destroy();
    return createTarget(`mqtts://${endpointAddress}:8883`, undefined, undefined, remedy);
  } catch (error) {
    throw new SimError(`AWS IoT does not answer: ${(error as Error).message}: ${remedy}`, { cause: error });
  }
}
