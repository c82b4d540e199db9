// One machine that runs a stack of a template on a virtual disk: it can be stopped, killed, cut from its power, and started again.

import { createCounters } from '../counters.ts';
import type { Log } from '../log.ts';
import { startStack, type Stack } from '../stack.ts';
import { sourceOf } from '../stack-source.ts';
import { systemClock } from '../clock.ts';
import { functionsOf } from '../template/functions.ts';
import { loadTemplate } from '../template/load.ts';
import { serviceChecks } from '../service-checks.ts';
import type { Project } from '../project.ts';
import { createDisk, type Disk } from './disk.ts';
import { mount, mounted, ROOT } from './mount.ts';
import { closeAllPorts } from './node-net.ts';
import { cutDatabases, forgetDatabases } from './node-sqlite.ts';
import { createLife, inLife, until, world, type Life } from './runtime.ts';
import { beginTables, cutTables } from './world-tables.ts';
import { buildFunctions } from './world-bundles.ts';

export interface Machine {
  /** @throws when the stack does not start, or is running */
  start(): Promise<Stack>;
  readonly stack: () => Stack | undefined;
  /** Ends it in order: what came in is finished and archived. */
  stop(): Promise<void>;
  /** `power`: what was not synced may be lost or torn; else all that was written stays, as after SIGKILL. */
  kill(how: 'process' | 'power'): void;
  /** Nothing of the process and its functions runs for `ms`, while devices and the clock go on. */
  freeze(ms: number): void;
  readonly disk: () => Disk;
  readonly counters: () => ReturnType<typeof createCounters>;
}

export const DATA_DIR = `${ROOT}/data`;

export interface MachineOptions {
  readonly project: Project;
  readonly overrides: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** Builds the functions of the template; once for the process, before any world begins. */
export async function prepare({ project, overrides }: Omit<MachineOptions, 'log'>): Promise<void> {
  const template = loadTemplate({ ...sourceOf({}, project), overrides, checks: serviceChecks });
  await buildFunctions(functionsOf(template));
}

/** Starts the stack of the project on the ports and the folder that every machine has. */
const startProject = (
  { project, overrides, log }: MachineOptions,
  counters: ReturnType<typeof createCounters>,
): Promise<Stack> =>
  startStack({
    ...{ source: sourceOf({}, project), overrides, dataDir: DATA_DIR, title: project.title },
    ...{ mqttPort: 8883, awsPort: 4566, webPort: 8080, startCommand: '', dnsCommand: '' },
    ...{ lasting: project.lasting, faults: project.faults },
    ...{ clock: systemClock, log, counters },
  });

/** A new machine with an empty disk, or with a copy of `image`, and empty tables. */
export function createMachine(options: MachineOptions, image?: Disk): Machine {
  mount(image ? image.copy() : createDisk());
  forgetDatabases();
  beginTables();
  closeAllPorts();
  let life: Life | undefined;
  let stack: Stack | undefined;
  let counters = createCounters();

  return {
    stack: () => stack,
    disk: mounted,
    counters: () => counters,
    async start() {
      life = createLife('process');
      counters = createCounters();
      const own = life;
      const started = await until(inLife(life, () => startProject(options, counters)));
      if (own.isAlive) stack = started;
      return started;
    },
    async stop() {
      const running = stack!;
      stack = undefined;
      await until(inLife(life, () => running.stop()));
      life!.kill();
      closeAllPorts();
    },
    freeze: (ms) => life?.freeze(ms),
    kill(how) {
      life?.kill();
      stack = undefined;
      closeAllPorts();
      cutTables();
      cutDatabases();
      if (how === 'power') mounted().cutPower(world.random());
    },
  };
}
