// The alerting code in environments that may fail or crash at any action, with a list instead of SNS.

import type { Notification, Refusal } from '../../core/alert-state.ts';
import { acknowledge } from '../../core/alert-step.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { RuleData } from '../../core/rule-data.ts';
import { deltaOf, type Window } from '../../core/window.ts';
import { servicesInMemory, type AlertServices } from '../http-api/alert-services.ts';
import type { UnreadableRule } from '../../pipeline/ports.ts';
import { memoryLearned, type MemoryLearned } from '../support/memory-learned.ts';
import { createEnvironment, type Environment, type FaultOf } from './alert-environment.ts';
import { createAlertRecord } from './alert-record.ts';

export const START = 1_790_000_000_000;
export const MINUTE = 60_000;
export const WINDOW_SECONDS = 10;

export interface WorldOptions {
  readonly rules: readonly Omit<RuleData, 'id'>[];
  readonly services?: AlertServices;
  /** Notifications that may be sent on their own; without it all may. */
  readonly perMinute?: number;
  /** Lets each action wait for its turn; without it each goes at once. */
  readonly turn?: () => Promise<void>;
  /** Notifications that SNS refuses. */
  readonly refusalOf?: (notifications: readonly Notification[]) => Refusal | undefined;
  /** What rules have learned; without it each environment has its own. */
  readonly learned?: MemoryLearned;
}

export type AlertWorld = ReturnType<typeof createAlertWorld>;

export function createAlertWorld({
  rules: data,
  services = servicesInMemory(),
  perMinute = Infinity,
  turn,
  refusalOf = () => undefined,
  learned,
}: WorldOptions) {
  const clock = { time: START };
  const rules = {
    data: data.map((each, n): RuleData => ({ id: `rule-${n}`, ...each })),
    unreadable: [] as readonly UnreadableRule[],
  };
  const record = createAlertRecord();
  const shared = { services, record, rules, windowSeconds: WINDOW_SECONDS, perMinute, turn, refusalOf };

  /** `skew`: by how many milliseconds its clock is fast; `calmFor` as in production. */
  const environment = (
    faultOf: FaultOf = () => undefined,
    { skew = 0, calmFor = 0 }: { readonly skew?: number; readonly calmFor?: number } = {},
  ): Environment =>
    createEnvironment(shared, {
      now: () => clock.time + skew,
      ...{ faultOf, calmFor, learned: learned ?? memoryLearned() },
    });

  return {
    ...record,
    ...{ clock, rules, services, environment },

    /** Counts one reading in the n-th window of a device, of which a message comes now. */
    measure: async (n: number, temperature: number, deviceId = 'device'): Promise<Window> => {
      await turn?.();
      const timestamp = START + n * WINDOW_SECONDS * 1000;
      const metrics = [{ name: 'temperature', value: decimalOf(temperature)! }];
      const print = fingerprint(`${n}/${temperature}`);
      const reading = { deviceId, site: 'seattle', timestamp, metrics, fingerprint: print };
      await services.devices.noteSeen(deviceId, 'seattle', clock.time);
      return (await services.windows.apply(deltaOf(reading, WINDOW_SECONDS))).window;
    },

    /** Acknowledges the active alerts of a device. */
    acknowledge: async (deviceId: string): Promise<void> => {
      await turn?.();
      for (const state of (await services.alerts.load(deviceId)).states.values()) {
        const next = acknowledge(state, { by: 'ann', at: clock.time });
        if (next && (await services.alerts.transition(state, next))) record.noteWritten(state, next);
      }
    },

    /** What was sent, each as its transition and value. */
    log: () => record.sent.map(({ notification: { transition, value } }) => `${transition} ${value}`),
  };
}
