// Runs two local clouds as two regions, and the DNS of dns.yaml that routes to them, each in its own process.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createStack, type Ports, type Stack } from '../chaos/stack.ts';

export interface Region {
  readonly name: string;
  /** The host name that DNS returns. */
  readonly iotEndpoint: string;
  /** The URL of the health check. */
  readonly apiHost: string;
  readonly stack: Stack;
}

export interface Dns {
  readonly port: number;
  /** Its output. */
  output(): string;
  stop(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '../..');
const START_LIMIT_MS = 60_000;
const ZONE = 'fleet.example';
export const NAME = `iot.${ZONE}`;

/** Free ports, chosen in advance so that a region has the same ones after its return. */
async function freePorts(): Promise<Ports> {
  const servers = ['mqtt', 'aws', 'web'].map((name) => ({
    name,
    server: createServer().listen(0, '127.0.0.1'),
  }));
  const ports = await Promise.all(
    servers.map(async ({ name, server }) => {
      await once(server, 'listening');
      return [name, (server.address() as AddressInfo).port] as const;
    }),
  );
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(ports) as unknown as Ports;
}

/**
 * Each region has its own certificate for the shared name (domain.yaml). The zone's ID is required but used only on AWS.
 */
const DOMAIN = [`IotName=${NAME}`, 'HostedZoneId=Z0123456789ABCDEFGHIJ'];

export async function makeRegions(folder: string): Promise<readonly [Region, Region]> {
  const make = async (name: string): Promise<Region> => ({
    name,
    iotEndpoint: `a1-ats.iot.${name}.amazonaws.com`,
    apiHost: `b1.execute-api.${name}.amazonaws.com`,
    stack: createStack(path.join(folder, name), 'direct', DOMAIN, await freePorts()),
  });
  return [await make('us-east-1'), await make('eu-west-1')];
}

/** The drill's parameters of dns.yaml, which the user's override. */
function parametersOf([first, second]: readonly [Region, Region]): string[] {
  return [
    ...[`ZoneName=${ZONE}`, 'Routing=failover', `IotEndpoint=${first.iotEndpoint}`],
    ...[`IotEndpoint2=${second.iotEndpoint}`, 'HealthCheck=https', `CheckHost=${first.apiHost}`],
    ...[`CheckHost2=${second.apiHost}`, 'CheckInterval=10', `Region=${first.name}`, `Region2=${second.name}`],
  ];
}

/** Resolves with the port at the line `ready`. @throws Error with the output if it does not come */
async function untilReady(child: ChildProcess, output: () => string): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`npm run dns -- serve ${what}:\n${output()}`));
    const limit = setTimeout(() => fail('was not ready'), START_LIMIT_MS);
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', () => {
        const ready = /^ready dns:\/\/127\.0\.0\.1:(\d+) /m.exec(output());
        if (!ready) return;
        clearTimeout(limit);
        resolve(Number(ready[1]));
      });
  });
}

/** @throws Error with its output if it does not start */
export async function startDns(
  folder: string,
  regions: readonly [Region, Region],
  overrides: readonly string[],
): Promise<Dns> {
  const places = regions.flatMap(({ apiHost, iotEndpoint, stack }) => {
    const { web, mqtt } = stack.endpoints();
    return [`${apiHost}=${web}/api`, `${iotEndpoint}=127.0.0.1:${new URL(mqtt).port}`];
  });
  const args = [
    ...['dns', 'serve', '--port', '0', '--data-dir', folder],
    ...[...parametersOf(regions), ...overrides].flatMap((pair) => ['--parameter-overrides', pair]),
    ...places.flatMap((place) => ['--at', place]),
  ];
  const child = spawn(process.execPath, ['-r', './needs.cjs', 'local.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return {
    port: await untilReady(child, () => output),
    output: () => output,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
