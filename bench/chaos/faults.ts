// The faults of a run: a plan that depends only on the seed, and the functions that inject them.

import { existsSync, readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { Device } from './device.ts';
import type { Disk } from './disk.ts';
import type { Random } from './random.ts';
import type { Stack, Surroundings } from './stack.ts';

export const FAULT_KINDS = [
  'kill',
  'kill-while-starting',
  'freeze',
  'restart',
  'cut',
  'full-disk',
  'few-descriptors',
  'moved-clock',
  'slow-subscriber',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Seconds after the end of the previous fault. */
  readonly after: number;
  /** Its duration in seconds. */
  readonly lasts: number;
  /** Seconds from the burst to the kill. With 0, nothing of the burst is acknowledged yet. */
  readonly moment: number;
}

const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 30,
  'kill-while-starting': 6,
  freeze: 12,
  restart: 8,
  cut: 12,
  'full-disk': 8,
  'few-descriptors': 6,
  'moved-clock': 8,
  'slow-subscriber': 8,
};
const DESCRIPTORS = 256;
const SOCKETS = 300;
/** The largest clock shift in seconds, back or ahead. It is within the accepted clock skew of readings. */
const LARGEST_SHIFT = 35;

/** Seconds within which the broker acknowledges a burst on an idle machine. */
const LATEST_MOMENT = 0.12;

/**
 * An endless sequence of faults. The first one is a kill with messages in flight, so that even the shortest run resends
 * some.
 */
export function* planFaults(
  random: Random,
  kinds: readonly FaultKind[],
  pause: number,
): Generator<PlannedFault> {
  const weights = kinds.map((kind) => [WEIGHTS[kind], kind] as const);
  for (let index = 0; ; index += 1) {
    const kind = index === 0 ? 'kill' : random.weighted(weights);
    const after = pause * (0.5 + random.next());
    const lasts = kind === 'kill' ? random.next() : 1 + random.next() * 4;
    const moment = index === 0 ? 0 : random.next() * LATEST_MOMENT;
    yield { kind, after, lasts, moment };
  }
}

/** The path of libfaketime, which moves a program's clock. */
export function findFaketime(): string | undefined {
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((folder) => existsSync(folder));
  const below = folders.flatMap((folder) => [
    folder,
    ...readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(folder, entry.name)),
  ]);
  return below
    .map((folder) => path.join(folder, 'faketime', 'libfaketime.so.1'))
    .find((file) => existsSync(file));
}

/** The faults that are possible on this machine. */
export function availableKinds(disk: Disk | undefined, faketime: string | undefined): FaultKind[] {
  return FAULT_KINDS.filter(
    (kind) => (kind !== 'full-disk' || disk) && (kind !== 'moved-clock' || faketime !== undefined),
  );
}

export interface Hands {
  readonly stack: Stack;
  readonly devices: readonly Device[];
  /** A device that is subscribed to its commands. */
  readonly subscriber: Device;
  readonly disk: Disk | undefined;
  readonly faketime: string | undefined;
  readonly random: Random;
  /** Makes every device send some messages at once, so that many are in flight. */
  readonly burst: () => void;
  /** Called with the exit code of each stop by SIGTERM. */
  readonly onStop: (code: number | string) => void;
}

const wait = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));

/** Resolves at the end of the fault, with a description for the list. */
export const injectFault: Readonly<
  Record<FaultKind, (hands: Hands, fault: PlannedFault) => Promise<string>>
> = {
  async kill({ stack, burst }, { lasts, moment }) {
    burst();
    if (moment > 0) await wait(moment);
    await stack.kill();
    await wait(lasts);
    await stack.start();
    return `${moment.toFixed(3)} s into a burst, down for ${lasts.toFixed(1)} s`;
  },
  async 'kill-while-starting'({ stack, random }) {
    await stack.kill();
    const afterMs = random.whole(100, 2500);
    await stack.startAndKill(afterMs);
    await stack.start();
    return `the second ${afterMs} ms after the start`;
  },
  async freeze({ stack, burst }, { lasts }) {
    burst();
    stack.signal('SIGSTOP');
    await wait(lasts);
    stack.signal('SIGCONT');
    return `for ${lasts.toFixed(1)} s`;
  },
  async restart({ stack, onStop }) {
    onStop(await stack.stop());
    await stack.start();
    return 'SIGTERM';
  },
  async cut({ devices, burst, random }, { lasts }) {
    const cut = devices.filter(() => random.chance(0.5));
    for (let round = 0; round < lasts; round += 1) {
      burst();
      await wait(random.whole(0, 30) / 1000);
      for (const device of cut) device.cut();
      await wait(0.7);
    }
    return `${cut.length} devices, several times`;
  },
  async 'full-disk'({ disk, burst }, { lasts }) {
    disk!.fill();
    burst();
    await wait(lasts);
    disk!.free();
    return `for ${lasts.toFixed(1)} s`;
  },
  async 'few-descriptors'({ stack }, { lasts }) {
    await stack.kill();
    await stack.start({ descriptors: DESCRIPTORS });
    const sockets = Array.from({ length: SOCKETS }, () => openSocket(stack.mqttPort()));
    await wait(lasts);
    for (const socket of sockets) socket.destroy();
    return `${DESCRIPTORS} until the next start, and ${SOCKETS} idle connections`;
  },
  async 'moved-clock'({ stack, faketime, random }) {
    const shift = random.whole(-LARGEST_SHIFT, LARGEST_SHIFT);
    await stack.kill();
    await stack.start(movedBy(shift, faketime!));
    return `by ${shift} s until the next start`;
  },
  async 'slow-subscriber'({ stack, subscriber }, { lasts }) {
    subscriber.pause();
    const sent = await publishCommands(stack, subscriber.name);
    await wait(lasts);
    subscriber.resume();
    return `${sent} messages of 10 KB`;
  },
};

function openSocket(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  return socket.on('error', () => {}); // most of them are refused, as expected
}

/** https://github.com/wolfcw/libfaketime; timers are not affected. */
function movedBy(seconds: number, library: string): Surroundings {
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  };
}

async function publishCommands(stack: Stack, name: string): Promise<number> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new IoTDataPlaneClient({
    region: 'us-east-1',
    endpoint: stack.endpoints().aws,
    credentials,
  });
  const payload = 'x'.repeat(10_000);
  const publishes = Array.from({ length: 200 }, () =>
    client.send(new PublishCommand({ topic: `commands/${name}/load`, qos: 1, payload })),
  );
  const done = await Promise.allSettled(publishes);
  client.destroy();
  return done.filter(({ status }) => status === 'fulfilled').length;
}
