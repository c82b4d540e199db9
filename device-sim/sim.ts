// `npm run sim`: runs a fleet of simulated devices over real MQTT with mutual TLS, against the local cloud or AWS.

import path from 'node:path';
import { findIdentities } from './identities.ts';
import type { Identity } from './connection.ts';
import { OnboardingError } from './onboarding-error.ts';
import { makeDevice } from './new-device.ts';
import { probe } from './probe.ts';
import { atSetpoint, type Controls } from './controls.ts';
import { lifeOf, writeTruth } from './failures.ts';
import { type Device, type Fleet, startFleet } from './fleet.ts';
import { planMessages } from './messages.ts';
import { parseOptions, type SimOptions, usage } from './options.ts';
import { createPatterns, fridgePattern, USUAL_SETPOINT } from './patterns.ts';
import { createProgress, type Progress, progressLine, summaryLines } from './progress.ts';
import { seedOf } from './random.ts';
import { SimError } from './sim-error.ts';
import { createStatistics, type Statistics } from './statistics.ts';
import { openTarget, type Target } from './target.ts';
import { readSeattleWeather } from './weather.ts';

function devicesOf(identities: readonly Identity[], options: SimOptions, start: number): Device[] {
  const pattern = createPatterns(readSeattleWeather())[options.pattern];
  const isCooled = options.pattern !== 'csv'; // outdoors nothing is cooled
  const prefix = options.basicIngest ? '$aws/rules/TelemetryRule/' : '';
  return identities.map((identity, index) => {
    const controls: Controls = { sampleRate: options.rate, setpoint: isCooled ? USUAL_SETPOINT : undefined };
    const seed = seedOf(options.seed, identity.name);
    const own =
      options.pattern === 'fridge'
        ? fridgePattern(lifeOf(options.failing, index, seed, options.site))
        : pattern;
    return {
      identity,
      topic: `${prefix}telemetry/${options.site}/${identity.name}`,
      plan: planMessages({ ...options, seed, pattern: atSetpoint(own, controls), start, controls }),
      controls: options.shadow ? controls : undefined,
    };
  });
}

/** Writes what will happen to each device, before the run. */
function writeTruthOf(names: readonly string[], options: SimOptions, start: number): void {
  if (options.truth === undefined) return;
  const lives = names.map((name, index) => {
    const seed = seedOf(options.seed, name);
    return { name, seed, life: lifeOf(options.failing, index, seed, options.site) };
  });
  writeTruth(options.truth, lives, { start, speed: options.speed });
}

async function identitiesOf(
  options: SimOptions,
  target: Target,
  progress: Progress,
  stopping: AbortSignal,
): Promise<Identity[]> {
  const names = Array.from({ length: options.devices }, (_, index) => `sim-${index + 1}`);
  return findIdentities(names, {
    folder: path.resolve(options.out),
    create: (name) => makeDevice(target, { name, group: 'Simulated', site: options.site }),
    onCreated: (made) =>
      progress.show(`${made} of ${options.devices} devices created, with key and certificate`),
    stopping,
  });
}

/** Updates the progress line every second until the fleet is done. */
async function watch(
  fleet: Fleet,
  statistics: Statistics,
  progress: Progress,
  devices: number,
): Promise<void> {
  let last = 0;
  const timer = setInterval(() => {
    const rate = statistics.acknowledged - last;
    last = statistics.acknowledged;
    progress.show(progressLine(statistics, fleet.connected(), devices, rate));
  }, 1_000);
  await fleet.done;
  clearInterval(timer);
}

/** Calls `stop` on the first signal; the second one ends the process at once. */
function onSignal(stop: () => void): void {
  let stopped = false;
  const receive = () => {
    if (stopped) process.exit(130);
    stopped = true;
    stop();
  };
  process.on('SIGINT', receive);
  process.on('SIGTERM', receive);
}

/** Resolves with the exit code: 1 if a message was not acknowledged. */
async function run(options: SimOptions): Promise<number> {
  const progress = createProgress(process.stderr, !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb');
  const stopping = new AbortController();
  let fleet: Fleet | undefined;
  onSignal(() => {
    stopping.abort(new SimError('stopped'));
    fleet?.stop();
  });
  const target = openTarget(options);
  const url = await target.url();
  const identities = await identitiesOf(options, target, progress, stopping.signal);
  await probe(url, target);
  const statistics = createStatistics();
  const start = Date.now();
  const names = identities.map(({ name }) => name);
  writeTruthOf(names, options, start);
  const { ca } = target;
  const { qos } = options;
  const devices = devicesOf(identities, options, start);
  fleet = startFleet({ url, ca, devices, qos, start, statistics, random: Math.random });
  await watch(fleet, statistics, progress, devices.length);
  target.close();
  const [first = '', ...rest] = summaryLines(statistics, (Date.now() - start) / 1_000);
  progress.say(first);
  for (const line of rest) progress.say(line);
  return statistics.acknowledged === statistics.sent ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options) return await run(options);
    process.stdout.write(`${usage}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof SimError || error instanceof OnboardingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
