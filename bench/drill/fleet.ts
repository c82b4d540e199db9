// Devices that are registered in both regions, connect to the region that DNS returns, and keep unsent messages.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  RegisterCertificateWithoutCACommand,
} from '@aws-sdk/client-iot';
import { makeDevice } from '../../device-sim/new-device.ts';
import { openTarget } from '../../device-sim/target.ts';
import { createDevice, type Credentials, type Device } from '../chaos/device.ts';
import type { Region } from './regions.ts';
import { createResolver } from './resolver.ts';

/** A connection from the device's point of view. */
export interface Connection {
  readonly region: string;
  /** The time by `performance.now()`. */
  readonly at: number;
  /** The number of messages that waited for it. */
  readonly waiting: number;
}

export interface Member {
  readonly device: Device;
  readonly connections: readonly Connection[];
  /** Why the last attempt failed. */
  readonly lastError: () => string | undefined;
  send(): void;
}

const SITE = 'drill';
const POLICY = 'TidegateDevice';
/** As AWS recommends: doubles after each failure, with jitter, so that a fleet does not reconnect all at once. */
const FIRST_MS = 500;
const LONGEST_MS = 8_000;
const backoff = (failures: number) =>
  Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS) * (0.5 + Math.random() / 2);

const targetOf = ({ stack }: Region) => openTarget({ local: true, dataDir: stack.dataDir });
const caOf = ({ stack }: Region) => readFileSync(path.join(stack.dataDir, 'iot', 'ca.pem'), 'utf8');

/**
 * Registries are not replicated between regions:
 * https://docs.aws.amazon.com/iot/latest/developerguide/disaster-recovery-resiliency.html
 */
async function registerAlso(region: Region, name: string, { certificatePem }: Credentials): Promise<void> {
  const target = targetOf(region);
  try {
    const client = await target.client();
    await client.send(
      new CreateThingCommand({ thingName: name, attributePayload: { attributes: { site: SITE } } }),
    );
    const { certificateArn } = await client.send(
      new RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' }),
    );
    await client.send(new AttachPolicyCommand({ policyName: POLICY, target: certificateArn! }));
    await client.send(new AttachThingPrincipalCommand({ thingName: name, principal: certificateArn! }));
  } finally {
    target.close();
  }
}

interface Place {
  readonly regions: readonly [Region, Region];
  readonly dns: { readonly port: number; readonly name: string };
  /** The authorities of both regions. */
  readonly ca: string;
}

/** A device that connects to the region to which DNS leads. */
function connectMember(name: string, credentials: Credentials, place: Place) {
  const { regions, dns, ca } = place;
  const connections: Connection[] = [];
  let lastError: string | undefined;
  const resolve = createResolver(dns.port, dns.name);
  const regionAt = (port: number) => regions.find(({ stack }) => stack.mqttPort() === port)!;
  const device = createDevice(name, credentials, {
    ...{ ca, servername: dns.name, isCleanSession: true },
    backoff,
    async port() {
      const where = await resolve();
      const region = regions.find(({ iotEndpoint }) => iotEndpoint === where);
      if (!region) throw new Error(`${dns.name} leads to ${where}, which is not a region of this drill`);
      return region.stack.mqttPort();
    },
    onError: (error) => (lastError = error.message),
    onConnect: (port, waiting) =>
      connections.push({ region: regionAt(port).name, at: performance.now(), waiting }),
  });
  return { device, connections, lastError: () => lastError };
}

function createMember(name: string, credentials: Credentials, place: Place): Member {
  const connected = connectMember(name, credentials, place);
  let sent = 0;
  return {
    ...connected,
    send() {
      const key = `m:${name}:${(sent += 1)}`;
      const timestamp = Date.now();
      const payload = { id: `${name}-${sent}`, timestamp, temperature: 2 + (sent % 40) / 10, note: key };
      const topic = `telemetry/${SITE}/${name}`;
      connected.device.send({ topic, payload: JSON.stringify(payload), key });
    },
  };
}

export async function makeFleet(
  regions: Place['regions'],
  dns: Place['dns'],
  count: number,
): Promise<readonly Member[]> {
  const [first, second] = regions;
  const place = { regions, dns, ca: regions.map(caOf).join('\n') };
  const target = targetOf(first);
  const members: Member[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `drill-${number}`;
    const credentials = await makeDevice(target, { name, group: 'Seattle', site: SITE });
    await registerAlso(second, name, credentials);
    members.push(createMember(name, credentials, place));
  }
  target.close();
  return members;
}
