// Does what a fault says to the machine, its functions, its network and its clock.

import { setCallFaults, type CallFault, type CallSeen } from '../packages/local-cloud/world/faults.ts';
import type { Machine } from '../packages/local-cloud/world/machine.ts';
import { environments, type RunningEnvironment } from '../packages/local-cloud/world/node-worker-threads.ts';
import { advance, currentLife, until, world, type Life } from '../packages/local-cloud/world/runtime.ts';
import type { Device } from './device.ts';
import type { Operator } from './operator.ts';
import type { Fault, FaultKind } from './plan.ts';

export interface Hands {
  readonly machine: Machine;
  readonly devices: readonly Device[];
  readonly operator: Pick<Operator, 'revoke'>;
  burst(messages: number): void;
  /** What is wrong with calls until when. */
  readonly callFaults: { until: number; readonly choose: (call: CallSeen) => CallFault | undefined }[];
}

/** Asked for every call: the first that is still on, and has something to say, decides. */
export function watchCalls(callFaults: Hands['callFaults']): void {
  setCallFaults((call) => {
    if (call.from === 'world' || call.from === 'process') return undefined;
    for (const fault of callFaults) {
      const chosen = fault.until > world.elapsed() ? fault.choose(call) : undefined;
      if (chosen) return chosen;
    }
    return undefined;
  });
}

type Of<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/** No more than this passes while the right moment is waited for. */
const MOMENT_MS = 60_000;

/** Stops in the middle of what is going on, some tasks later. */
async function afterTurns(turns: number): Promise<void> {
  const end = world.turns() + turns;
  await advance(MOMENT_MS, () => world.turns() >= end);
}

async function down(hands: Hands, how: 'process' | 'power', turns: number, downMs: number): Promise<string> {
  await afterTurns(turns);
  hands.machine.kill(how);
  await advance(downMs);
  await hands.machine.start();
  return `down for ${downMs / 1000} s`;
}

/** One that runs an event, if any does. */
function victimOf(pick: number): RunningEnvironment | undefined {
  const all = environments();
  const busy = all.filter((each) => each.isBusy());
  const from = busy.length > 0 ? busy : all;
  return from[pick % Math.max(1, from.length)];
}

/** A sender reads the last windows between its claim and its mail, after it has counted the mail. */
async function freezeSender({ callFaults }: Hands, forMs: number): Promise<string> {
  let sender: Life | undefined;
  let frozen: string | undefined;
  const choose = ({ operation, table, from }: CallSeen) => {
    const isCounting = operation === 'UpdateItem' && table?.toLowerCase().includes('alerts');
    if (frozen !== undefined) return undefined;
    if (isCounting) sender = currentLife();
    else if (sender && currentLife() === sender) {
      frozen = from;
      sender.freeze(forMs);
    }
    return undefined;
  };
  callFaults.push({ until: world.elapsed() + MOMENT_MS, choose });
  await advance(MOMENT_MS, () => frozen !== undefined);
  return `${frozen ?? 'none'}, sending, for ${forMs / 1000} s`;
}

const nameOf = (victim: RunningEnvironment | undefined) =>
  victim ? `${victim.functionName}${victim.isBusy() ? ', busy' : ''}` : 'none was there';

const refuse = (service: string, status: number, code: string) => (call: CallSeen) =>
  call.service === service ? ({ kind: 'refused', status, code } as const) : undefined;

const pickOf = (devices: readonly Device[], pick: number) => devices.at(pick % devices.length)!;

const INJECT: { readonly [Kind in FaultKind]: (hands: Hands, fault: Of<Kind>) => string | Promise<string> } =
  {
    kill: (hands, { turns, downMs }) => down(hands, 'process', turns, downMs),
    'power-cut': (hands, { turns, downMs }) => down(hands, 'power', turns, downMs),
    async 'crash-environment'(_, { turns, pick }) {
      await afterTurns(turns);
      const victim = victimOf(pick);
      const name = nameOf(victim);
      victim?.crash();
      return name;
    },
    async freeze({ machine }, { turns, forMs }) {
      await afterTurns(turns);
      machine.freeze(forMs);
      await advance(forMs);
      return `for ${forMs / 1000} s`;
    },
    async 'freeze-environment'(hands, { turns, pick, forMs, isSending }) {
      if (isSending) return freezeSender(hands, forMs);
      await afterTurns(turns);
      const victim = victimOf(pick);
      const name = nameOf(victim);
      victim?.life.freeze(forMs);
      return `${name} for ${forMs / 1000} s`;
    },
    async 'full-disk'({ machine }, { forMs }) {
      machine.disk().isFull = true;
      await advance(forMs);
      machine.disk().isFull = false;
      return `for ${forMs / 1000} s`;
    },
    'sns-outage'({ callFaults }, { forMs }) {
      callFaults.push({ until: world.elapsed() + forMs, choose: refuse('sns', 503, 'ServiceUnavailable') });
      return `for ${forMs / 1000} s`;
    },
    throttle({ callFaults }, { forMs }) {
      const choose = refuse('dynamodb', 400, 'ProvisionedThroughputExceededException');
      callFaults.push({ until: world.elapsed() + forMs, choose });
      return `for ${forMs / 1000} s`;
    },
    'lost-answers'({ callFaults }, { forMs, share }) {
      const choose = () => (world.random().chance(share) ? ({ kind: 'answer-lost' } as const) : undefined);
      callFaults.push({ until: world.elapsed() + forMs, choose });
      return `${share * 100} % for ${forMs / 1000} s`;
    },
    'clock-step'(_, { ms }) {
      world.step(ms);
      return `${ms} ms`;
    },
    cut({ devices }, { pick }) {
      pickOf(devices, pick).cut();
      return pickOf(devices, pick).name;
    },
    'half-open'({ devices }, { pick }) {
      pickOf(devices, pick).silence();
      return pickOf(devices, pick).name;
    },
    twin({ devices }, { pick }) {
      pickOf(devices, pick).connectAgain();
      return pickOf(devices, pick).name;
    },
    storm({ devices, ...hands }, { messages }) {
      for (const device of devices) device.cut();
      hands.burst(messages);
      return `${messages} messages each`;
    },
    async revoke({ operator, devices }, { pick, forMs }) {
      const isRevoked = await until(operator.revoke(pick, forMs));
      const { name } = pickOf(devices, pick);
      return isRevoked ? `${name} for ${forMs / 1000} s` : `${name}: not accepted`;
    },
    async restart({ machine }) {
      await machine.stop();
      await machine.start();
      return 'in order';
    },
  };

/** @returns what happened, in words. @throws Error when the machine does not start again */
export async function inject<Kind extends FaultKind>(hands: Hands, fault: Of<Kind>): Promise<string> {
  return (INJECT[fault.kind] as unknown as (hands: Hands, fault: Of<Kind>) => Promise<string>)(hands, fault);
}
