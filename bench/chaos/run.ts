// One run: a sending fleet, injected faults, a quiet end, and the verdict.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { makeDevice } from '../../device-sim/new-device.ts';
import { openTarget } from '../../device-sim/target.ts';
import { createDevice, type Device } from './device.ts';
import type { Disk } from './disk.ts';
import { readArchive, readMails, readRejected, readTables } from './evidence.ts';
import {
  availableKinds,
  findFaketime,
  injectFault,
  planFaults,
  type FaultKind,
  type Hands,
} from './faults.ts';
import type { ChaosOptions } from './options.ts';
import { createPayloads, type Payloads } from './payloads.ts';
import { createRandom } from './random.ts';
import { recompute, type Recomputed } from './recompute.ts';
import type { ChaosReport } from './report.ts';
import { createStack, type Stack } from './stack.ts';
import { judgeEvidence, type Disturbance, type Finding, type Verdict } from './verdict.ts';

export interface FaultRecord {
  readonly kind: FaultKind;
  /** Seconds after the start of the run. */
  readonly at: number;
  readonly detail: string;
}

type Progress = (text: string) => void;

const SITE = 'chaos';
/** A device creates no messages while this many wait for an acknowledgement. */
const MOST_WAITING = 40;
const CONNECT_LIMIT_MS = 60_000;
const OUTBOX_LIMIT_MS = 180_000;
const DRAIN_LIMIT_MS = 3_600_000;
/**
 * How long to wait for things to settle: Lambda retries after one and two more minutes, and the sweep runs every minute.
 */
const STANDSTILL_MS = 200_000;
const POLL_MS = 1_000;
/** Reading all tables slows down the stack, so the pause is this many times as long as the last read. */
const POLL_PAUSES = 5;
/** Messages of each device in a burst. */
const BURST = 8;
/** Faults during or shortly after which a notification may be sent twice. */
const DISTURBING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  ...(['kill', 'kill-while-starting', 'few-descriptors', 'moved-clock', 'full-disk'] as const),
]);

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Member {
  readonly device: Device;
  readonly payloads: Payloads;
}

export async function runChaos(
  options: ChaosOptions,
  place: { readonly dataDir: string; readonly disk: Disk | undefined },
  progress: Progress,
): Promise<ChaosReport> {
  const { seed, mode, minutes } = options;
  const variant = variantOf(seed);
  const stack = createStack(place.dataDir, mode, [`AlertsPerMinute=${variant.alertsPerMinute}`]);
  const faketime = findFaketime();
  const problems: string[] = [];
  const faults: FaultRecord[] = [];
  const disturbances: Disturbance[] = [];
  await stack.start();
  progress(`ready; making ${options.devices} devices`);
  const { members, subscriber } = await makeFleet(stack, options);
  const hands: Hands = {
    ...{ stack, subscriber, disk: place.disk, faketime, random: createRandom(seed, 'hands') },
    devices: members.map(({ device }) => device),
    burst: () => members.forEach((member) => sendSome(member, BURST)),
    onStop(code) {
      if (code !== 0) problems.push(`SIGTERM ended with ${code} after: ${stack.lastOutput()}`);
    },
  };
  const stopping = new AbortController();
  const sending = members.map((member) => keepSending(member, options, stopping.signal));
  const kinds = availableKinds(place.disk, faketime);
  await injectFaults({ hands, kinds, minutes, seed, faults, disturbances, problems, progress });
  stopping.abort();
  await Promise.all(sending);
  progress('faults are over; restarting, and waiting for the outboxes');
  const { isLastWordHasty } = variant;
  const verdict = await settle({ stack, members, disturbances, problems, progress, hands, isLastWordHasty });
  await Promise.all([...members.map(({ device }) => device), subscriber].map((device) => device.end()));
  return {
    ...{ options, faults, problems, findings: verdict.findings },
    figures: { ...fleetStatistics(members), ...verdict.figures },
    unavailable: unavailableKinds(place.disk, faketime),
  };
}

const unavailableKinds = (disk: Disk | undefined, faketime: string | undefined) => [
  ...(disk ? [] : ['full-disk (this user may not mount)']),
  ...(faketime === undefined ? ['moved-clock (libfaketime is not installed)'] : []),
];

/** Other properties that depend on the seed. */
function variantOf(seed: number) {
  const random = createRandom(seed, 'variant');
  return {
    /** With few, the rest becomes digests. */
    alertsPerMinute: random.pick([20, 600]),
    /** Whether devices send their last message while functions still process earlier ones. */
    isLastWordHasty: random.chance(0.5),
  };
}

/** Every fourth device is a gateway, every second one keeps its session, and every second one ends above the limit. */
async function makeFleet(stack: Stack, { devices, seed }: ChaosOptions) {
  const target = openTarget({ local: true, dataDir: stack.dataDir });
  const ca = readFileSync(path.join(stack.dataDir, 'iot', 'ca.pem'), 'utf8');
  const make = async (name: string, index: number) => {
    const credentials = await makeDevice(target, { name, group: 'Seattle', site: SITE });
    return createDevice(name, credentials, { ca, port: stack.mqttPort, isCleanSession: index % 2 === 0 });
  };
  const members: Member[] = [];
  for (let index = 0; index < devices; index += 1) {
    const name = `chaos-${index + 1}`;
    const children = index % 4 === 3 ? ['cellar', 'roof'] : [];
    const sender = { name, site: SITE, children, endsHot: index % 2 === 1 };
    const payloads = createPayloads(sender, createRandom(seed, name));
    members.push({ device: await make(name, index), payloads });
  }
  const subscriber = await make('chaos-subscriber', 1);
  subscriber.subscribe(`commands/${subscriber.name}/#`);
  target.close();
  const deadline = Date.now() + CONNECT_LIMIT_MS;
  while (members.some(({ device }) => device.connections() === 0)) {
    if (Date.now() > deadline)
      throw new Error(`not all devices connected within ${CONNECT_LIMIT_MS / 1000} s`);
    await pause(50);
  }
  return { members, subscriber };
}

function sendSome({ device, payloads }: Member, count: number): void {
  for (let sent = 0; sent < count && device.waiting() < MOST_WAITING; sent += 1)
    device.send(payloads.next(Date.now()));
}

/** About two messages per second and device, in bursts with pauses. */
async function keepSending({ device, payloads }: Member, { seed }: ChaosOptions, stopping: AbortSignal) {
  const random = createRandom(seed, `pace of ${device.name}`);
  while (!stopping.aborted) {
    sendSome({ device, payloads }, 1);
    await pause(random.chance(0.3) ? random.whole(1, 50) : random.whole(200, 1100));
  }
}

async function injectFaults(run: {
  readonly hands: Hands;
  readonly kinds: readonly FaultKind[];
  readonly minutes: number;
  readonly seed: number;
  readonly faults: FaultRecord[];
  readonly disturbances: Disturbance[];
  readonly problems: string[];
  readonly progress: Progress;
}): Promise<void> {
  const { hands, kinds, minutes, seed, faults, disturbances, progress } = run;
  const began = Date.now();
  const end = began + minutes * 60_000;
  const between = Math.min(8, (minutes * 60) / 8);
  for (const fault of planFaults(createRandom(seed, 'faults'), kinds, between)) {
    if (Date.now() + fault.after * 1000 >= end) break;
    await pause(fault.after * 1000);
    const from = Date.now();
    const detail = await injectFault[fault.kind](hands, fault);
    if (DISTURBING.has(fault.kind)) disturbances.push({ from, to: Date.now() });
    const record = { kind: fault.kind, at: (from - began) / 1000, detail };
    faults.push(record);
    progress(`${record.at.toFixed(1).padStart(8)}  ${record.kind}: ${detail}`);
  }
  await pause(Math.max(0, end - Date.now()));
}

interface Settling {
  readonly stack: Stack;
  readonly members: readonly Member[];
  readonly disturbances: readonly Disturbance[];
  readonly problems: string[];
  readonly progress: Progress;
  readonly hands: Hands;
  readonly isLastWordHasty: boolean;
}

/** Restarts cleanly, lets every device send its last message, and checks until there are no faults or the time is over. */
async function settle(settling: Settling): Promise<Verdict> {
  const { stack, members, hands, isLastWordHasty, progress } = settling;
  hands.onStop(await stack.stop());
  await stack.start();
  await emptyOutboxes(settling);
  if (!isLastWordHasty) await whenDrained(settling, 'before the last word', isAboutWindows);
  for (const { device, payloads } of members) device.send(payloads.last(Date.now()));
  await emptyOutboxes(settling);
  const { archive } = await whenDrained(settling, 'at the end');
  // Nothing may change after the check passed: a stop drains what is in flight and adds no line to the archive.
  hands.onStop(await stack.stop());
  await stack.start();
  const later = readArchive(stack).length - archive.length;
  if (later !== 0) settling.problems.push(`${later} lines came to the archive after the end`);
  const verdict = await lookAt(settling, archive, recompute(archive));
  progress(`${verdict.findings.length} findings`);
  hands.onStop(await stack.stop());
  return verdict;
}

/** A stop writes what is still buffered for the archive; then windows and emails have to follow. */
async function whenDrained(
  settling: Settling,
  when: string,
  isWaitedFor: (finding: Finding) => boolean = () => true,
): Promise<{ readonly archive: readonly string[] }> {
  const { stack, hands, progress } = settling;
  hands.onStop(await stack.stop());
  await stack.start();
  const archive = readArchive(stack);
  const expected = recompute(archive);
  progress(`${archive.length} lines archived ${when}; waiting for the windows`);
  const deadline = Date.now() + DRAIN_LIMIT_MS;
  let changedAt = Date.now();
  for (let count = -1; ;) {
    const lookedAt = performance.now();
    const verdict = await lookAt(settling, archive, expected);
    const took = performance.now() - lookedAt;
    const findings = verdict.findings.filter(isWaitedFor);
    if (findings.length === 0 || Date.now() >= deadline) return { archive };
    if (Date.now() - changedAt > STANDSTILL_MS) return { archive };
    if (findings.length !== count) {
      progress(`${findings.length} left, such as ${findings[0]!.text}`);
      changedAt = Date.now();
    }
    count = findings.length;
    await pause(Math.max(POLL_MS, took * POLL_PAUSES));
  }
}

/** Emails may take minutes: if the sender was killed, a later sweep sends them. */
const isAboutWindows = ({ kind }: Finding) => ['missing', 'altered', 'rejection'].includes(kind);

async function lookAt(
  { stack, members, disturbances }: Settling,
  archive: readonly string[],
  expected: Recomputed,
): Promise<Verdict> {
  const acknowledged = new Set(members.flatMap(({ device }) => [...device.acknowledged]));
  const tables = await readTables(stack);
  const evidence = { archive, ...tables, ...readRejected(stack), mails: readMails(stack) };
  return judgeEvidence(evidence, { acknowledged, disturbances }, expected);
}

async function emptyOutboxes({ members, problems }: Settling): Promise<void> {
  const deadline = Date.now() + OUTBOX_LIMIT_MS;
  const waiting = () => members.filter(({ device }) => device.waiting() > 0);
  while (waiting().length > 0 && Date.now() < deadline) await pause(100);
  for (const { device } of waiting())
    problems.push(`${device.name} still has ${device.waiting()} messages to send`);
}

function fleetStatistics(members: readonly Member[]): Record<string, number> {
  const total = (countOf: (device: Device) => number) =>
    members.reduce((sum, { device }) => sum + countOf(device), 0);
  return {
    'messages sent': total((device) => device.sent()),
    'sent again with DUP': total((device) => device.resent()),
    connections: total((device) => device.connections()),
  };
}
