// Connects a fleet gradually, lets each device publish by its plan, and stops without losing messages in flight.

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
  /** The settings that the device's shadow may change; absent: the shadow is ignored. */
  readonly controls?: Controls;
}

export interface FleetOptions {
  /** `mqtts://host:port` */
  readonly url: string;
  /** PEM; by default the system's own list of authorities. */
  readonly ca: string | undefined;
  readonly devices: readonly Device[];
  readonly qos: 0 | 1;
  /** The start of the plans, epoch milliseconds. */
  readonly start: number;
  /** Most unacknowledged messages of one device. */
  readonly inFlight?: number;
  readonly connectsPerSecond?: number;
  readonly statistics: Statistics;
  readonly random: () => number;
}

export interface Fleet {
  /** Resolves when every plan has ended, or after `stop`, with all connections closed. */
  readonly done: Promise<void>;
  /** Devices connected for the first time. */
  connected(): number;
  /** Sends no new messages, and waits at most five seconds for acknowledgements. */
  stop(): void;
}

const DEFAULTS = { inFlight: 20, connectsPerSecond: 50 };
/** How long to wait for acknowledgements: after `stop`, and at the end of a plan. */
const GOODBYE_MS = 5_000;
const LAST_ACKNOWLEDGEMENT_MS = 60_000;

interface Run {
  readonly options: FleetOptions;
  /** Milliseconds since the start, on a clock that never steps back. */
  readonly elapsed: () => number;
  readonly stopping: AbortSignal;
}

/** Resolves with false if the fleet stops meanwhile. */
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

/** Publishes the plan with at most `inFlight` unacknowledged messages, then closes the connection. */
async function runDevice(connection: Connection, device: Device, run: Run): Promise<void> {
  const { options, stopping } = run;
  const { inFlight = DEFAULTS.inFlight } = options;
  const inFlightNow = new Set<Promise<void>>();
  let wake = () => {};
  const change = () => new Promise<void>((resolve) => (wake = resolve));
  stopping.addEventListener('abort', () => wake());

  for (const message of device.plan) {
    if (!(await waitUntil(message.due, run))) break;
    // Messages that are due while the device is offline are sent after it reconnects, with the time of the measurement.
    if (!(await connection.online())) break;
    while (inFlightNow.size >= inFlight && !stopping.aborted) await change();
    if (stopping.aborted) break;
    const sending = publish(connection, device, message, run).finally(() => {
      inFlightNow.delete(sending);
      wake();
    });
    inFlightNow.add(sending);
  }

  const all = Promise.all(inFlightNow);
  const patience = sleep(stopping.aborted ? 0 : LAST_ACKNOWLEDGEMENT_MS, undefined, {
    signal: stopping,
    ref: false,
  })
    .catch(() => {})
    .then(() => sleep(GOODBYE_MS, undefined, { ref: false }));
  await Promise.race([all, patience]);
  await connection.close(inFlightNow.size > 0);
  await all;
}

export function startFleet(options: FleetOptions): Fleet {
  const { devices, url, ca, statistics, random, connectsPerSecond = DEFAULTS.connectsPerSecond } = options;
  const abort = new AbortController();
  setMaxListeners(0, abort.signal); // there is one listener per device
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
