// Evaluates every alarm once a minute, and takes its actions when its state changes.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { functionEventOf, notificationOf, type StateChange } from './alarm-message.ts';
import type { AlarmSpec, AlarmState } from './alarm-spec.ts';
import type { AlarmStates, HistoryItem, StateRecord } from './alarm-states.ts';
import { judge, RANGE_BEYOND, type DataPoint, type Judgement } from './judge-alarm.ts';
import { MINUTE_MS, type MetricStore } from './metric-store.ts';
import { periodsOf, type Span } from './time-series.ts';

/** What alarm actions send to: topics and functions. */
export interface AlarmTargets {
  publish(input: {
    topicArn: string;
    subject: string;
    message: string;
    messageStructure: 'json';
  }): Promise<unknown>;
  /** Resolves once the event is on disk. */
  accept(functionArn: string, payload: string): Promise<unknown>;
}

export interface AlarmsOptions {
  readonly specs: readonly AlarmSpec[];
  readonly states: AlarmStates;
  readonly store: MetricStore;
  readonly targets: AlarmTargets;
  readonly region: string;
  readonly accountId: string;
  readonly startedAt: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Alarms {
  /** Evaluates every alarm over the minutes before `now`, in epoch milliseconds. */
  evaluate(now: number): Promise<void>;
  /** Sets a state through the API; it lasts until the next evaluation finds another. */
  setState(spec: AlarmSpec, state: AlarmState, reason: string, reasonData: string | undefined): Promise<void>;
  enableActions(spec: AlarmSpec, isEnabled: boolean): void;
}

function rangeOf(spec: AlarmSpec, store: MetricStore, now: number): DataPoint[] {
  const end = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const spanOf = (period: number): Span => {
    const count = spec.evaluationPeriods + RANGE_BEYOND;
    return { start: end - count * period, end, period };
  };
  const [result] = spec.queries.run(store, spanOf);
  return periodsOf(spanOf(spec.period)).map((at) => ({ at, value: result?.series.get(at) }));
}

function reasonDataOf(
  spec: AlarmSpec,
  { recent }: Judgement,
  range: readonly DataPoint[],
  now: number,
): string {
  const iso = (at: number) => new Date(at).toISOString().replace('Z', '+0000');
  const first = range.find(({ value }) => value !== undefined);
  return JSON.stringify({
    version: '1.0',
    queryDate: iso(now),
    ...(first && { startDate: iso(first.at) }),
    ...(spec.metric && { statistic: spec.metric.statistic }),
    period: spec.period / 1_000,
    recentDatapoints: recent,
    threshold: spec.threshold,
    evaluatedDatapoints: range
      .filter(({ value }) => value !== undefined)
      .toReversed()
      .map(({ at, value }) => ({ timestamp: iso(at), value })),
  });
}

/** Runs the actions of one change. @returns a history item for each, with its outcome */
async function act(change: StateChange, { targets, log }: AlarmsOptions): Promise<HistoryItem[]> {
  const { spec, after } = change;
  const items: HistoryItem[] = [];
  for (const arn of spec.actions[after.state]) {
    const isFunction = arn.split(':')[2] === 'lambda';
    let problem: string | undefined;
    try {
      if (isFunction) await targets.accept(arn, functionEventOf(change));
      else await targets.publish({ topicArn: arn, ...notificationOf(change) });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      log.error('an action of an alarm failed', { alarm: spec.name, action: arn, reason: problem });
    }
    const actionState = problem === undefined ? 'Succeeded' : 'Failed';
    const done = problem === undefined ? 'Successfully executed' : 'Failed to execute';
    items.push({
      ...{ alarm: spec.name, at: after.updatedAt, type: 'Action', summary: `${done} action ${arn}` },
      data: JSON.stringify({
        actionState,
        stateUpdateTimestamp: after.updatedAt,
        notificationResource: arn,
        error: problem,
      }),
    });
  }
  return items;
}

function updateOf({ spec, before, after }: StateChange): HistoryItem {
  const shown = ({ state, reason, reasonData }: StateRecord) => ({
    ...{ stateValue: state, stateReason: reason },
    stateReasonData: reasonData === undefined ? undefined : (JSON.parse(reasonData) as object),
  });
  return {
    ...{ alarm: spec.name, at: after.updatedAt, type: 'StateUpdate' },
    summary: `Alarm updated from ${before.state} to ${after.state}`,
    data: JSON.stringify({ version: '1.0', oldState: shown(before), newState: shown(after) }),
  };
}

async function change(
  options: AlarmsOptions,
  spec: AlarmSpec,
  after: StateRecord,
  withActions: boolean,
): Promise<void> {
  const { states, region, accountId, startedAt, log } = options;
  const before = states.of(spec.name);
  const changed: StateChange = { spec, before, after, region, accountId, configuredAt: startedAt };
  const fields = { alarm: spec.name, before: before.state, state: after.state, reason: after.reason };
  if (after.state === 'ALARM') log.warn('an alarm has entered the ALARM state', fields);
  else if (withActions) log.info('the state of an alarm has changed', fields);
  const isEnabled = before.actionsEnabled ?? spec.actionsEnabled;
  // Actions run before the state is written: after a crash in between they run twice, and never not at all.
  const actions = withActions && isEnabled ? await act(changed, options) : [];
  states.set(spec.name, { ...after, actionsEnabled: before.actionsEnabled });
  states.note([updateOf(changed), ...actions]);
}

async function evaluateOne(options: AlarmsOptions, spec: AlarmSpec, now: number): Promise<void> {
  const { states, store, startedAt } = options;
  const range = rangeOf(spec, store, now);
  const judgement = judge(spec, range, startedAt);
  const before = states.of(spec.name);
  const { state } = judgement;
  if (state === 'keep' || (state === before.state && states.isKnown(spec.name))) return;
  const reasonData = reasonDataOf(spec, judgement, range, now);
  const after = { state, reason: judgement.reason(before.state), reasonData, updatedAt: now };
  // AWS also announces that a new alarm is OK: that would be forty mails at the first start, which nobody needs.
  const isNew = !states.isKnown(spec.name) && state !== 'ALARM';
  await change(options, spec, after, !isNew);
}

export function createAlarms(options: AlarmsOptions): Alarms {
  const { specs, states, clock, log } = options;
  return {
    async evaluate(now) {
      for (const spec of specs) {
        try {
          await evaluateOne(options, spec, now);
        } catch (error) {
          log.error('an alarm cannot be evaluated', {
            alarm: spec.name,
            reason: error instanceof Error ? error.message : String(error),
          });
        }
      }
    },
    setState(spec, state, reason, reasonData) {
      const after = { state, reason, reasonData, updatedAt: clock.now() };
      return change(options, spec, after, state !== states.of(spec.name).state);
    },
    enableActions(spec, isEnabled) {
      states.set(spec.name, { ...states.of(spec.name), actionsEnabled: isEnabled });
    },
  };
}
