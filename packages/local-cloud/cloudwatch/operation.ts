// The type of CloudWatch's operations, and what they work on.

import type { AlarmSpec } from './alarm-spec.ts';
import type { AlarmStates } from './alarm-states.ts';
import type { Alarms } from './alarms.ts';
import type { MetricStore } from './metric-store.ts';
import type { Input, Output } from './protocols.ts';

export interface CloudWatch {
  readonly store: MetricStore;
  readonly specs: readonly AlarmSpec[];
  readonly states: AlarmStates;
  readonly alarms: Alarms;
  readonly startedAt: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Operation {
  /** The parameters that it reads; any other is refused. */
  readonly accepts: readonly string[];
  /** @throws AwsError */
  run(cloudWatch: CloudWatch, input: Input): Output | Promise<Output>;
}
