// Connects a fleet without a rush, lets each device publish by its plan, and stops without losing what is under way.

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type Identity, openConnection } from './connection.ts';
import type { Controls } from './controls.ts';
import type { PlannedMessage } from './messages.ts';
import { followShadow } from './shadow.ts';
import type { Statistics } from './statistics.ts';

export interface Device {
  readonly identity: Identity;
  readonly topic: string;
  /** In the order of sending. */
  readonly plan: Iterable<PlannedMessage>;
  /** What the device's shadow may change while it runs; without, it leaves its shadow alone. */
  readonly controls?: Controls;
}

export interface FleetOptions {
  /** `mqtts://host:port` */
  readonly url: string;
  /** PEM; the system's own list of authorities when absent. */
  readonly ca: string | undefined;
  readonly devices: readonly Device[];
  readonly qos: 0 | 1;
  /** Epoch milliseconds from which the plans count. */
  readonly start: number;
  /** Messages of one device that wait for their acknowledgement. */
  readonly inFlight?: number;
  readonly connectsPerSecond?: number;
  readonly statistics: Statistics;
  readonly random: () => number;
}

export interface Fleet {
  /** Resolves when every plan is at its end, or after `stop`, with all connections closed. */
  readonly done: Promise<void>;
  /** Devices connected for the first time. */
  connected(): number;
  /** No new message; waits at most five seconds for acknowledgements. */
  stop(): void;
}

const defaults = { inFlight: 20, connectsPerSecond: 50 };
/** How long acknowledgements are waited for: after `stop`, and before that at the end of a plan. */
const goodbyeMs = 5_000;
const lastAcknowledgementMs = 60_000;

interface Run {
  readonly options: FleetOptions;
  /** Milliseconds since the start, on a clock that never steps back. */
  readonly elapsed: () => number;
  readonly stopping: AbortSignal;
}

/** Resolves with false when the fleet stops meanwhile. */
async function waitUntil(due: number, { elapsed, stopping }: Run): Promise<boolean> {
  const left = due - elapsed();
  if (left > 0) await sleep(left, undefined, { signal: stopping }).catch(() => {});
  return !stopping.aborted;
}

async function publish(
  connection: Connection,
  device: Device,
  message: PlannedMessage,
  run: Run,
): Promise<void> {
  const { statistics, qos } = run.options;
  const begun = performance.now();
  statistics.sent += 1;
  statistics.readings += message.readings;
  if (message.duplicate) statistics.duplicates += 1;
  try {
    await connection.publish(device.topic, message.payload, qos);
    statistics.acknowledged += 1;
    statistics.record(performance.now() - begun);
  } catch (error) {
    statistics.failed += 1;
    if (!run.stopping.aborted) statistics.lastError = (error as Error).message;
  }
}

/** Publishes the plan with at most `inFlight` messages under way, then closes the connection. */
async function runDevice(connection: Connection, device: Device, run: Run): Promise<void> {
  const { options, stopping } = run;
  const { inFlight = defaults.inFlight } = options;
  const underWay = new Set<Promise<void>>();
  let wake = () => {};
  const change = () => new Promise<void>((resolve) => (wake = resolve));
  stopping.addEventListener('abort', () => wake());

  for (const message of device.plan) {
    if (!(await waitUntil(message.due, run))) break;
    // What is due while the device is offline goes out when it is back, with the time at which it was measured.
    if (!(await connection.online())) break;
    while (underWay.size >= inFlight && !stopping.aborted) await change();
    if (stopping.aborted) break;
    const sending = publish(connection, device, message, run).finally(() => {
      underWay.delete(sending);
      wake();
    });
    underWay.add(sending);
  }

  const all = Promise.all(underWay);
  const patience = sleep(stopping.aborted ? 0 : lastAcknowledgementMs, undefined, {
    signal: stopping,
    ref: false,
  })
    .catch(() => {})
    .then(() => sleep(goodbyeMs, undefined, { ref: false }));
  await Promise.race([all, patience]);
  await connection.close(underWay.size > 0);
  await all;
}

export function startFleet(options: FleetOptions): Fleet {
  const { devices, url, ca, statistics, random, connectsPerSecond = defaults.connectsPerSecond } = options;
  const abort = new AbortController();
  setMaxListeners(0, abort.signal); // one listener a device is meant
  const offset = Date.now() - options.start - performance.now();
  const run: Run = { options, elapsed: () => performance.now() + offset, stopping: abort.signal };
  let connected = 0;

  async function live(device: Device, index: number): Promise<void> {
    await sleep((index * 1_000) / connectsPerSecond, undefined, { signal: abort.signal }).catch(() => {});
    if (abort.signal.aborted) return;
    const connection = openConnection({
      url,
      ca,
      identity: device.identity,
      statistics,
      random,
      stopping: abort.signal,
    });
    if (device.controls) {
      followShadow(connection, device.identity.name, device.controls, (problem) => {
        statistics.lastError = problem;
      });
    }
    void connection.online().then((online) => (connected += online ? 1 : 0));
    await runDevice(connection, device, run);
  }

  return {
    done: Promise.all(devices.map(live)).then(() => undefined),
    connected: () => connected,
    stop() {
      abort.abort();
    },
  };
}
