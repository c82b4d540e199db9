// Runs one world: a fleet, a machine and the planned faults on a virtual clock; then everything heals, and the oracle compares.

import type { Evidence } from '../bench/chaos/evidence.ts';
import { createRandom } from '../bench/chaos/random.ts';
import { recompute } from '../bench/chaos/recompute.ts';
import { judgeEvidence, type Disturbance } from '../bench/chaos/verdict.ts';
import type { Disk } from '../packages/local-cloud/world/disk.ts';
import { failedConditions, setCallFaults } from '../packages/local-cloud/world/faults.ts';
import { createMachine, prepare, type Machine } from '../packages/local-cloud/world/machine.ts';
import { advance, later, until, world } from '../packages/local-cloud/world/runtime.ts';
import { createDevice, type Device } from './device.ts';
import { hashOf, hasPending, readEvidence, type Outputs } from './evidence.ts';
import { enroll, SITE, type Member } from './fleet.ts';
import { inject, watchCalls, type Hands } from './inject.ts';
import { createMessages, type Messages } from './messages.ts';
import type { Finding } from './finding.ts';
import { judgeDevices, judgeRegistry, type Span } from './judge-operator.ts';
import { judgeTimes } from './judge-times.ts';
import { createOperator, readAttribute, type Operator } from './operator.ts';
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
  readonly findings: readonly Finding[];
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
/** One of these is the parameter AlertsPerMinute. */
const RATE_LIMITS = [3, 20, 600];

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
    const topics = [`commands/${name}/#`, `$aws/things/${name}/shadow/update/delta`];
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

/** When faults were, by the machine's clock and by the world's. */
interface Happened {
  /** Faults after which a notification may be sent again. */
  readonly disturbances: Disturbance[];
  /** The same, and steps of the clock. */
  readonly delays: Disturbance[];
  readonly spans: Span[];
  readonly texts: string[];
}

async function injectAll(hands: Hands, faults: readonly Fault[], end: number): Promise<Happened> {
  const happened: Happened = { disturbances: [], delays: [], spans: [], texts: [] };
  for (const fault of faults) {
    await advance(Math.max(0, fault.at - world.elapsed()));
    const [from, began] = [world.now(), world.elapsed()];
    const detail = await inject(hands, fault);
    const forMs = 'forMs' in fault ? fault.forMs : 0;
    const disturbance = { from, to: world.now() + forMs };
    if (DISTURBING.has(fault.kind)) {
      // A frozen sender may have sent before; what it holds is sent by others, and not by it again when it thaws.
      const isOrphan = fault.kind === 'freeze-environment';
      const at = world.now();
      happened.disturbances.push(isOrphan ? { from: at, to: at } : disturbance);
      happened.spans.push({ from: began, to: world.elapsed() + forMs });
    }
    if (DISTURBING.has(fault.kind) || fault.kind === 'clock-step') happened.delays.push(disturbance);
    happened.texts.push(`${fault.kind}: ${detail}`);
  }
  await advance(Math.max(0, end - world.elapsed()));
  return happened;
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

async function settle(machine: Machine, senders: readonly Sender[], operator: Operator, outputs: Outputs) {
  await advance(OUTBOX_MS, () => operator.isDone());
  const stuck = await emptyOutboxes(senders);
  await quieten(outputs);
  for (const { device, messages } of senders) device.send(messages.last(world.now()));
  stuck.push(...(await emptyOutboxes(senders)));
  await quieten(outputs);
  stuck.push(...(await until(judgeRegistry(operator, readAttribute))));
  await machine.stop();
  return stuck;
}

/** `3 too-late` is the fourth reading of a message. */
function reasonsOf({ rejected }: Evidence): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const each of rejected.flatMap(({ reasons: own }) => own)) {
    const name = each.split(' ').at(-1)!;
    reasons[name] = (reasons[name] ?? 0) + 1;
  }
  return reasons;
}

/** Of the world that has ended. */
interface Ended {
  readonly evidence: Evidence;
  readonly devices: readonly Device[];
  readonly operator: Operator;
  readonly happened: Happened;
  readonly alertsPerMinute: number;
  /** Counted while it ran. */
  readonly counts: Readonly<Record<string, number>>;
  /** When messages were not sent any more, in milliseconds of the world. */
  readonly end: number;
}

function judge({ evidence, devices, operator, happened, alertsPerMinute, counts, end }: Ended) {
  const acknowledged = new Set(devices.flatMap((device) => [...device.acknowledged]));
  const expected = recompute(evidence.archive);
  const { disturbances, delays, spans } = happened;
  const verdict = judgeEvidence(evidence, { acknowledged, disturbances }, expected);
  const total = (name: keyof Device['counts']) => devices.reduce((sum, { counts }) => sum + counts[name], 0);
  return {
    findings: [
      ...judgeDevices(operator, devices, spans, end),
      ...verdict.findings,
      ...judgeTimes(evidence, expected, delays, alertsPerMinute),
    ],
    figures: {
      ...{ sent: total('sent'), resent: total('resent'), connections: total('connections') },
      ...verdict.figures,
      'messages to devices': operator.sent.length,
      'messages heard': devices.reduce((sum, { heard }) => sum + heard.length, 0),
      'certificates revoked': operator.revocations.length,
      ...counts,
      turns: world.turns(),
    },
  };
}

const LOSE_ENVIRONMENT: ReadonlySet<string> = new Set(['crash-environment', 'freeze-environment']);

function countsOf({ mode, faults }: WorldOptions, senders: readonly Sender[]): Record<string, number> {
  const counts: Record<string, number> = {
    devices: senders.length,
    'conditions that failed': failedConditions(),
    'environments lost in stream mode':
      mode === 'stream' ? faults.filter(({ kind }) => LOSE_ENVIRONMENT.has(kind)).length : 0,
  };
  for (const { messages } of senders)
    for (const [kind, count] of Object.entries(messages.kinds))
      counts[`sent ${kind}`] = (counts[`sent ${kind}`] ?? 0) + count;
  return counts;
}

/** @throws Error when the machine does not start, or does not stop */
export async function runWorld(options: WorldOptions): Promise<WorldReport> {
  const { seed, ms, mode, faults } = options;
  const image = await imageOf(mode, options.devices);
  world.begin(seed, START);
  const callFaults: Hands['callFaults'] = [];
  watchCalls(callFaults);
  const alertsPerMinute = createRandom(seed, 'variant').pick(RATE_LIMITS);
  const overrides = overridesOf(mode, alertsPerMinute);
  const machine = createMachine({ project, overrides, log }, image.disk);
  const { outputs } = (await machine.start()).endpoints;
  const senders = makeSenders(image.members, seed);
  for (const sender of senders) keepSending(sender, options, ms);
  const operator = createOperator(image.members, { seed, every: options.every, end: ms });
  const devices = senders.map(({ device }) => device);
  const hands: Hands = {
    ...{ machine, callFaults, devices, operator },
    burst: (messages) => senders.forEach((sender) => sendSome(sender, messages)),
  };
  const happened = await injectAll(hands, faults, ms);
  const stuck = await settle(machine, senders, operator, outputs);
  const evidence = readEvidence(machine.disk(), outputs);
  const counts = countsOf(options, senders);
  const { findings, figures } = judge({
    evidence,
    devices,
    operator,
    happened,
    alertsPerMinute,
    counts,
    end: ms,
  });
  return {
    ...{ findings: [...stuck, ...findings], happened: happened.texts, figures },
    ...{ reasons: reasonsOf(evidence), hash: hashOf(machine.disk(), outputs), elapsed: world.elapsed() },
  };
}
