// Runs one world: a fleet, a machine and the planned faults on a virtual clock; then everything heals, and the oracle compares.

import type { Evidence } from '../bench/chaos/evidence.ts';
import { createRandom } from '../bench/chaos/random.ts';
import { judgeEvidence, type Disturbance, type Finding } from '../bench/chaos/verdict.ts';
import type { Disk } from '../packages/local-cloud/world/disk.ts';
import { setCallFaults } from '../packages/local-cloud/world/faults.ts';
import { createMachine, prepare, type Machine } from '../packages/local-cloud/world/machine.ts';
import { advance, later, until, world } from '../packages/local-cloud/world/runtime.ts';
import { createDevice, type Device } from './device.ts';
import { hashOf, hasPending, readEvidence, type Outputs } from './evidence.ts';
import { enroll, SITE, type Member } from './fleet.ts';
import { inject, watchCalls, type Hands } from './inject.ts';
import { createMessages, type Messages } from './messages.ts';
import { DISTURBING, type Fault } from './plan.ts';
import { project } from './project.ts';

export type Mode = 'direct' | 'stream';

export interface WorldOptions {
  readonly seed: number;
  /** Milliseconds of the world's time with messages and faults. */
  readonly ms: number;
  readonly devices: number;
  readonly mode: Mode;
  /** Milliseconds between two messages of a device, on average. */
  readonly every: number;
  readonly faults: readonly Fault[];
}

export interface WorldReport {
  readonly findings: readonly { readonly kind: string; readonly text: string }[];
  /** What each fault did. */
  readonly happened: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** Rejections by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly hash: string;
  /** Milliseconds of the world's time, with the settling at the end. */
  readonly elapsed: number;
}

const START = Date.UTC(2026, 10, 2);
const MINUTE = 60_000;
/** After the last fault, retries of events have ended by then, and the sweep has judged what they left. */
const SETTLE_MS = 6 * MINUTE;
/** Notifications beyond the rate limit wait for their minute. */
const MOST_SETTLE_MS = 16 * MINUTE;
const OUTBOX_MS = 60 * MINUTE;
const MOST_WAITING = 60;

const overridesOf = (mode: Mode, alertsPerMinute: number): Readonly<Record<string, string>> => ({
  AlertsPerMinute: String(alertsPerMinute),
  ...(mode === 'stream' && { IngestMode: 'stream', StreamShards: '2', StreamBatchingSeconds: '1' }),
});

interface Image {
  readonly disk: Disk;
  readonly members: readonly Member[];
}

const log = { info() {}, warn() {}, error() {} };
const images = new Map<string, Image>();

/** A machine that has just been set up, with its devices; made once for the process. */
async function imageOf(mode: Mode, devices: number): Promise<Image> {
  const key = `${mode} ${devices}`;
  const known = images.get(key);
  if (known) return known;
  world.begin(1, START - MINUTE);
  setCallFaults();
  const settings = { project, overrides: overridesOf(mode, 600), log };
  await prepare(settings);
  const machine = createMachine(settings);
  await machine.start();
  const names = Array.from({ length: devices }, (_, index) => `device-${index + 1}`);
  const members = await until(enroll(names));
  await machine.stop();
  const image = { disk: machine.disk().copy(), members };
  images.set(key, image);
  return image;
}

interface Sender {
  readonly device: Device;
  readonly messages: Messages;
}

/** Every fourth device is a gateway, every second one keeps its session, and every second one ends above the limit. */
function makeSenders(members: readonly Member[], seed: number): readonly Sender[] {
  return members.map(({ name, certificate }, index) => {
    const children = index % 4 === 3 ? ['cellar', 'roof'] : [];
    const messages = createMessages({ name, site: SITE, children, endsHot: index % 2 === 1 }, seed);
    const address = `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    const topics = [`commands/${name}/#`];
    const device = createDevice({ name, certificate, address, isCleanSession: index % 2 === 0, topics });
    return { device, messages };
  });
}

function sendSome({ device, messages }: Sender, count: number): void {
  for (let sent = 0; sent < count && device.waiting() < MOST_WAITING; sent += 1)
    for (const message of messages.next(world.now())) device.send(message);
}

/** Until `end`, in bursts with pauses. */
function keepSending(sender: Sender, { seed, every }: WorldOptions, end: number): void {
  const random = createRandom(seed, `pace of ${sender.device.name}`);
  const next = () => {
    const pause = random.chance(0.2) ? random.whole(1, 200) : random.whole(1, Math.round(every * 2.5));
    later(pause, () => {
      if (world.elapsed() >= end) return;
      sendSome(sender, 1);
      next();
    });
  };
  next();
}

async function injectAll(hands: Hands, faults: readonly Fault[], end: number) {
  const disturbances: Disturbance[] = [];
  const happened: string[] = [];
  for (const fault of faults) {
    await advance(Math.max(0, fault.at - world.elapsed()));
    const from = world.now();
    const detail = await inject(hands, fault);
    const forMs = 'forMs' in fault ? fault.forMs : 0;
    if (DISTURBING.has(fault.kind)) disturbances.push({ from, to: world.now() + forMs });
    happened.push(`${fault.kind}: ${detail}`);
  }
  await advance(Math.max(0, end - world.elapsed()));
  return { disturbances, happened };
}

/** @returns names of devices whose messages were not acknowledged, which is a finding */
async function emptyOutboxes(senders: readonly Sender[]): Promise<Finding[]> {
  await advance(OUTBOX_MS, () => senders.every(({ device }) => device.waiting() === 0));
  return senders
    .filter(({ device }) => device.waiting() > 0)
    .map(({ device }) => ({
      kind: 'lost',
      text: `${device.name}: ${device.waiting()} messages were never acknowledged`,
    }));
}

/** Until nothing waits to be sent any more. */
async function quieten(outputs: Outputs): Promise<void> {
  const end = world.elapsed() + MOST_SETTLE_MS;
  await advance(SETTLE_MS);
  while (world.elapsed() < end && hasPending(outputs)) await advance(MINUTE);
}

async function settle(machine: Machine, senders: readonly Sender[], outputs: Outputs) {
  const stuck = await emptyOutboxes(senders);
  await quieten(outputs);
  for (const { device, messages } of senders) device.send(messages.last(world.now()));
  stuck.push(...(await emptyOutboxes(senders)));
  await quieten(outputs);
  await machine.stop();
  return stuck;
}

/** What a device must hear: nothing, since nobody sends it anything. */
const heardFindings = (senders: readonly Sender[]) =>
  senders.flatMap(({ device }) =>
    device.heard.map((topic) => ({ kind: 'heard', text: `${device.name} heard ${topic}` })),
  );

/** `3 too-late` is the fourth reading of a message. */
function reasonsOf({ rejected }: Evidence): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const each of rejected.flatMap(({ reasons: own }) => own)) {
    const name = each.split(' ').at(-1)!;
    reasons[name] = (reasons[name] ?? 0) + 1;
  }
  return reasons;
}

/** @throws Error when the machine does not start, or does not stop */
export async function runWorld(options: WorldOptions): Promise<WorldReport> {
  const { seed, ms, mode, faults } = options;
  const image = await imageOf(mode, options.devices);
  world.begin(seed, START);
  const callFaults: Hands['callFaults'] = [];
  watchCalls(callFaults);
  const overrides = overridesOf(mode, createRandom(seed, 'variant').pick([20, 600]));
  const machine = createMachine({ project, overrides, log }, image.disk);
  const { outputs } = (await machine.start()).endpoints;
  const senders = makeSenders(image.members, seed);
  for (const sender of senders) keepSending(sender, options, ms);
  const hands: Hands = {
    ...{ machine, callFaults, devices: senders.map(({ device }) => device) },
    burst: (messages) => senders.forEach((sender) => sendSome(sender, messages)),
  };
  const { disturbances, happened } = await injectAll(hands, faults, ms);
  const stuck = await settle(machine, senders, outputs);
  const evidence = readEvidence(machine.disk(), outputs);
  const acknowledged = new Set(senders.flatMap(({ device }) => [...device.acknowledged]));
  const verdict = judgeEvidence(evidence, { acknowledged, disturbances });
  const total = (name: keyof Device['counts']) =>
    senders.reduce((sum, { device }) => sum + device.counts[name], 0);
  return {
    findings: [...stuck, ...heardFindings(senders), ...verdict.findings],
    happened,
    figures: {
      ...{ sent: total('sent'), resent: total('resent'), connections: total('connections') },
      ...verdict.figures,
      turns: world.turns(),
    },
    reasons: reasonsOf(evidence),
    hash: hashOf(machine.disk(), outputs),
    elapsed: world.elapsed(),
  };
}
