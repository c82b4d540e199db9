// The demo fleet of `npm start`: five store fridges in Seattle, one of them failing every few minutes.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { atSetpoint, type Controls } from './controls.ts';
import { startFleet } from './fleet.ts';
import { findIdentities } from './identities.ts';
import { planMessages } from './messages.ts';
import { demoFridge, USUAL_SETPOINT } from './patterns.ts';
import { seedOf } from './random.ts';
import { createStatistics } from './statistics.ts';
import { makeDevice } from './new-device.ts';
import { openTarget } from './target.ts';
import { readSeattleWeather } from './weather.ts';

const NAMES = [1, 2, 3, 4, 5].map((number) => `demo-fridge-${number}`);
const FAILING = 'demo-fridge-3';
const SITE = 'seattle';

/** The data directory: from `{ dataDir }` in a thread, from `--data-dir` in a process. */
function dataDirOf(): string {
  if (!isMainThread) return (workerData as { dataDir: string }).dataDir;
  return parseArgs({ options: { 'data-dir': { type: 'string', default: '.tidegate' } } }).values['data-dir'];
}

/** Calls `stop` on the message `stop` from the parent thread or process, and on a signal. */
function onStop(stop: () => void): void {
  if (isMainThread) {
    process.on('message', (message) => {
      if (message === 'stop') stop();
    });
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  }
  parentPort?.on('message', (message) => {
    if (message === 'stop') stop();
  });
}

/** One reading a second of one fridge. */
function createPlan(start: number) {
  const hours = readSeattleWeather();
  // All at the same moment, as fridges of one controller do: the computer wakes up once for five messages.
  const evenly = { rate: 1, phase: 0, jitter: false, duplicates: 0, reorder: 0, pack: 1, speed: 1 };
  return (name: string, controls: Controls) =>
    planMessages({
      seed: seedOf(name),
      pattern: atSetpoint(demoFridge(hours, name === FAILING), controls),
      ...{ controls, start, ...evenly },
    });
}

async function run(dataDir: string): Promise<void> {
  const stopping = new AbortController();
  let stopFleet = () => {};
  onStop(() => {
    stopping.abort();
    stopFleet();
  });
  const target = openTarget({ local: true, dataDir });
  const identities = await findIdentities(NAMES, {
    folder: path.join(dataDir, 'sim'),
    create: (name) => makeDevice(target, { name, group: 'Seattle', site: SITE }),
    onCreated() {},
  });
  target.close();
  if (stopping.signal.aborted) return;
  const start = Date.now();
  const plan = createPlan(start);
  const fleet = startFleet({
    url: await target.url(),
    ca: target.ca,
    devices: identities.map((identity) => {
      const controls = { sampleRate: 1, setpoint: USUAL_SETPOINT };
      const { name } = identity;
      return { identity, topic: `telemetry/${SITE}/${name}`, plan: plan(name, controls), controls };
    }),
    qos: 1,
    start,
    statistics: createStatistics(),
    random: Math.random,
  });
  stopFleet = () => fleet.stop();
  await fleet.done;
}

// An error ends the thread or process, and reaches its parent.
await run(dataDirOf());
parentPort?.close();
if (isMainThread && process.channel) process.disconnect();
