// Runs the actions of a rule for one message: repeats them, and sends lasting failures to the error action.

import type { Clock } from '../clock.ts';
import type { Measure, Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import type { Action, Selected } from './action.ts';
import { attempt } from './attempt.ts';
import { untilAnswered, Unanswered } from './lookups.ts';
import { createFailureGroup, type Failure } from './failures.ts';
import { createMessageContext, type Environment } from './message-context.ts';
import type { Rule } from './rule.ts';
import type { Scope } from './scope.ts';
import { createThrottledWarning } from '../log-throttle.ts';

export interface RuleDispatch {
  /** `<ruleName>/<action index>`; stable across restarts. */
  readonly id: string;
  /** Resolves when the action has delivered, or the error action has its failure. Never rejects. */
  run(): Promise<void>;
}

export interface Delivery {
  /** @param topic without the prefix of Basic Ingest */
  dispatches(rule: Rule, message: InboundMessage, topic: string, selected: Selected): RuleDispatch[];
}

type Target = Pick<Action, 'name' | 'resource'>;

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Environment;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
}

export const dispatchId = (rule: Rule, index: number): string => `${rule.name}/${index}`;
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function prepare(action: Action, selected: Selected): () => Promise<unknown> {
  try {
    return action.prepare(selected);
  } catch (error) {
    if (error instanceof Unanswered)
      return async () => {
        const deliver = await untilAnswered(() => action.prepare(selected));
        return deliver();
      };
    return () => Promise.reject(error);
  }
}

/** The resource of an action, with substitutions for this message. */
function resourceOf(action: Action, { scope }: Selected): string {
  try {
    return action.resourceOf?.(scope) ?? action.resource;
  } catch {
    return action.resource; // the delivery fails too, with the reason
  }
}

/** The message to the error action: "a single message is generated per rule and message". */
export function errorMessage(rule: Rule, message: InboundMessage, failures: readonly Failure[]) {
  return {
    ruleName: rule.name,
    topic: message.topic,
    cloudwatchTraceId: message.traceId,
    clientId: message.clientId,
    base64OriginalPayload: message.payload.toString('base64'),
    failures: failures.map((failure) => ({ ...failure })),
  };
}

type MeasureAction = (metric: string, rule: Rule, action: Pick<Action, 'name'>) => void;

/** Counts successes and failures of an action, as AWS IoT does. */
function createActionMetrics(meter: Meter): MeasureAction {
  /** By rule, metric and action: no text is put together for each message. */
  const measures = new Map<string, Map<string, Map<string, Measure>>>();
  const within = <Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value => {
    let value = map.get(key);
    if (value === undefined) map.set(key, (value = make()));
    return value;
  };
  return (metric, rule, { name }) => {
    const ofRule = within(measures, rule.name, () => new Map());
    const ofMetric = within(ofRule, metric, () => new Map<string, Measure>());
    const measure = within(ofMetric, name, () => {
      const dimensions = { ActionType: name.replace(/Action$/, ''), RuleName: rule.name };
      return meter('AWS/IoT', metric, dimensions, 'Count');
    });
    measure(1);
  };
}

/** @returns a function that counts and reports the failure of an action */
function createFailureOf({ clock, log, count }: Surroundings, measure: MeasureAction) {
  const warn = createThrottledWarning(log, clock);
  return (rule: Rule, { name, resource }: Target, error: unknown): Failure => {
    count('actionFailures');
    measure('Failure', rule, { name });
    const failure = { failedAction: name, failedResource: resource, errorMessage: messageOf(error) };
    warn(`${rule.name} ${name}`, 'a rule action failed', { rule: rule.name, ...failure });
    return failure;
  };
}

/** @returns a function that sends the failures of a rule to its error action, and never rejects */
function createReport({ clock, log }: Surroundings, measure: MeasureAction) {
  const toErrorAction = async (
    rule: Rule,
    message: InboundMessage,
    scope: Scope,
    failures: readonly Failure[],
  ) => {
    const { errorAction } = rule;
    if (!errorAction) return;
    const value = errorMessage(rule, message, failures);
    const selected: Selected = { output: { kind: 'json', value }, scope };
    const error = await attempt(prepare(errorAction, selected), clock, (last) => last);
    measure(error === undefined ? 'ErrorActionSuccess' : 'ErrorActionFailure', rule, errorAction);
    if (error === undefined) return;
    log.error('the error action of a rule failed: this is the only record of the failed actions', {
      rule: rule.name,
      topic: message.topic,
      traceId: message.traceId,
      action: errorAction.name,
      resource: errorAction.resource,
      error: messageOf(error),
    });
  };
  return async (rule: Rule, message: InboundMessage, scopeOf: () => Scope, failures: readonly Failure[]) => {
    try {
      await toErrorAction(rule, message, scopeOf(), failures);
    } catch (error) {
      log.error('reporting a failed rule action failed', { rule: rule.name, error: messageOf(error) });
    }
  };
}

/** `selected` is released once the action has its bytes: a delivery stream may keep those for minutes. */
function dispatchOf(
  rule: Rule,
  index: number,
  selected: Selected,
  run: (target: Target, deliver: () => Promise<unknown>) => Promise<void>,
): RuleDispatch {
  const action = rule.actions[index]!;
  let held: Selected | undefined = selected;
  let done: Promise<void> | undefined;
  return {
    id: dispatchId(rule, index),
    run() {
      if (held) {
        const deliver = prepare(action, held);
        const target = action.resourceOf ? { name: action.name, resource: resourceOf(action, held) } : action;
        held = undefined;
        done = run(target, deliver);
      }
      return done!;
    },
  };
}

/** Evaluates again, so that nothing is kept meanwhile, except answers of services, which may change. */
function scopeLater(
  rule: Rule,
  { message, topic, selected }: { message: InboundMessage; topic: string; selected: Selected },
  environment: Environment,
): () => Scope {
  if (rule.statement.asks) {
    const { scope } = selected;
    return () => scope;
  }
  return () => rule.statement.scope(createMessageContext(message, topic, environment));
}

export function createDelivery(surroundings: Surroundings): Delivery {
  const { clock, environment } = surroundings;
  const measure = createActionMetrics(surroundings.meter);
  const failureOf = createFailureOf(surroundings, measure);
  const report = createReport(surroundings, measure);

  const act = (rule: Rule, target: Target, deliver: () => Promise<unknown>) =>
    attempt(deliver, clock, (error) => {
      if (error !== undefined) return failureOf(rule, target, error);
      measure('Success', rule, target);
      return undefined;
    });

  return {
    dispatches(rule, message, topic, selected) {
      const scopeOf = scopeLater(rule, { message, topic, selected }, environment);
      const group = createFailureGroup(clock, (failures) => report(rule, message, scopeOf, failures));
      const all: RuleDispatch[] = [];
      for (let index = 0; index < rule.actions.length; index++)
        all.push(
          dispatchOf(rule, index, selected, (target, deliver) => group.run(() => act(rule, target, deliver))),
        );
      return all;
    },
  };
}
