// Opens Route 53 on one machine: zones, checkers, the DNS port, and the API to which the stack's AWS port forwards.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { account } from '../account.ts';
import { createAwsServer } from '../aws/server.ts';
import type { Clock } from '../clock.ts';
import { createClosers } from '../closers.ts';
import { createCounters } from '../counters.ts';
import { lockDataDir } from '../data-dir.ts';
import { openRecordFile } from '../files/record-file.ts';
import { listening } from '../listening.ts';
import type { Log } from '../log.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import { createRoute53Handler } from '../route53/api.ts';
import { endpointFile } from '../route53/forward.ts';
import { answer, type Outcome, type World } from './answer.ts';
import { startCheckers, type Checkers } from './checkers.ts';
import { checkHealth } from './health.ts';
import { openLiveZones } from './live.ts';
import { respond, type Asked } from './message.ts';
import type { DnsModel, Endpoint, HealthCheck } from './model.ts';
import { absolute } from './name.ts';
import { probe } from './probe.ts';
import { regionOf, type Neighbourhood } from './regions.ts';
import { createDnsServer } from './server.ts';
import type { StandIn } from './stand-ins.ts';

export interface DnsOptions {
  readonly model: DnsModel;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly standIns: ReadonlyMap<string, StandIn>;
  readonly neighbourhoods: readonly Neighbourhood[];
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export interface Dns {
  readonly port: number;
  /** Of the API. */
  readonly url: string;
  close(): Promise<void>;
}

const isLoopback = (text: string) => /^(127\.|::1$|localhost\.?$|.*\.localhost\.?$)/i.test(text);

/** Whether a check may be probed: its name is on this machine by `--at`, or its address is loopback. */
function isReachable({ address, domain }: Endpoint, standIns: DnsOptions['standIns']): boolean {
  if (domain !== undefined && standIns.has(absolute(domain))) return true;
  return isLoopback(address ?? domain!);
}

function openCheckers(
  { model, standIns, clock, log, random }: DnsOptions,
  checks: ReadonlyMap<string, HealthCheck>,
) {
  for (const { label, config } of model.checks) {
    if (config.kind !== 'endpoint' || isReachable(config.endpoint, standIns)) continue;
    const name = config.endpoint.domain ?? config.endpoint.address;
    log.warn(
      'a health check is not probed, and counts as healthy',
      { check: label, name },
      `${label} is not probed and counts as healthy: ${name} is not on this machine; name a replacement with --at ${name}=http://127.0.0.1:8080/api`,
    );
  }
  return startCheckers({
    checks,
    probe({ config }) {
      if (config.kind !== 'endpoint' || !isReachable(config.endpoint, standIns)) return undefined;
      const { domain } = config.endpoint;
      return probe(config.endpoint, domain === undefined ? undefined : standIns.get(absolute(domain)));
    },
    onChange({ label }, { isHealthy, why }) {
      const state = isHealthy ? 'healthy' : 'unhealthy';
      log.info('a health check changed', { check: label, state, why }, why);
    },
    clock,
    random,
  });
}

/** Logs each problem once a second: resolvers repeat their questions. */
function createAsk(world: World, { neighbourhoods, log, clock }: DnsOptions): (asked: Asked) => Outcome {
  const warn = createThrottledWarning(log, clock);
  return ({ name, type, address }) => {
    const region = regionOf(address, neighbourhoods) ?? account.region;
    const outcome = answer({ name, type, region }, world);
    const { rcode, note } = outcome;
    if (rcode === 'SERVFAIL')
      warn(`${name} ${type}`, 'a name cannot be answered', { name, type, reason: note });
    return outcome;
  };
}

function worldOf(
  { standIns, random }: DnsOptions,
  live: ReturnType<typeof openLiveZones>,
  checkers: Checkers,
): World {
  return {
    get zones() {
      return live.indexes();
    },
    checkHealth: (id) => checkHealth(id, { checks: live.checks(), checkersOf: (each) => checkers.of(each) }),
    addressesOf(name) {
      const place = standIns.get(name);
      return place && [place.address];
    },
    random,
  };
}

/** @throws StartError when a port or the folder is in use. */
export async function openDns(options: DnsOptions): Promise<Dns> {
  const { model, host, port, log, clock } = options;
  const closers = createClosers();
  try {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
    const folder = path.join(options.dataDir, 'route53');
    closers.add(lockDataDir(folder));
    const file = await openRecordFile(path.join(folder, 'changes'), log);
    closers.add(() => file.close());
    const live = openLiveZones(model, file);
    if (live.changed() > 0)
      log.info(`${live.changed()} records and checks differ from the template, as the API changed them`);
    const checkers = openCheckers(options, live.checks());
    closers.add(() => checkers.close());
    const world = worldOf(options, live, checkers);
    const ask = createAsk(world, options);
    const server = await listening('--port', port, () =>
      createDnsServer({ host, port, respond: (bytes, sender) => respond(bytes, sender, ask), log }),
    );
    closers.add(() => server.close());
    const route53 = createRoute53Handler({ live, checkers, ask, clock });
    const { count } = createCounters();
    const api = await createAwsServer({ host: '127.0.0.1', port: 0, services: { route53 }, log, count });
    closers.add(() => api.close());
    const found = endpointFile(options.dataDir);
    writeFileSync(`${found}.new`, JSON.stringify({ url: api.url }), { mode: 0o600 });
    renameSync(`${found}.new`, found);
    closers.add(() => rmSync(found, { force: true }));
    return { port: server.port, url: api.url, close: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}
