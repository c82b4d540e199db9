// Runs the actions of a rule for one message: repeats them, and tells the error action what failed for good.
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import type { Action, Selected } from './action.ts';
import { attempt } from './attempt.ts';
import { settle, Unanswered } from './lookups.ts';
import { createFailureGroup, type Failure, type FailureGroup } from './failures.ts';
import { createMessageContext, type Environment } from './message-context.ts';
import type { Rule } from './rule.ts';
import type { Scope } from './scope.ts';
import { createThrottledWarning } from '../log-throttle.ts';

export interface RuleDispatch {
  /** `<ruleName>/<action index>`; stable across restarts. */
  readonly id: string;
  /** Resolves when the action has delivered, or its failure has gone to the error action. Never rejects. */
  run(): Promise<void>;
}

export interface Delivery {
  /** @param topic without the prefix of Basic Ingest */
  dispatches(rule: Rule, message: InboundMessage, topic: string, selected: Selected): RuleDispatch[];
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Environment;
  readonly count: (name: string, by?: number) => void;
}

export const dispatchId = (rule: Rule, index: number): string => `${rule.name}/${index}`;
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function prepare(action: Action, selected: Selected): () => Promise<void> {
  try {
    return action.prepare(selected);
  } catch (error) {
    if (error instanceof Unanswered)
      return async () => {
        const deliver = await settle(() => action.prepare(selected));
        await deliver();
      };
    return () => Promise.reject(error);
  }
}

/** What an action delivers to, for this message where its name is substituted. */
function resourceOf(action: Action, { scope }: Selected): string {
  try {
    return action.resourceOf?.(scope) ?? action.resource;
  } catch {
    return action.resource; // what fails here fails its delivery too, with the reason
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

export function createDelivery({ clock, log, environment, count }: Surroundings): Delivery {
  const warn = createThrottledWarning(log, clock);

  function act(
    rule: Rule,
    { name, resource }: Pick<Action, 'name' | 'resource'>,
    deliver: () => Promise<void>,
  ): Promise<Failure | undefined> {
    return attempt(deliver, clock).then((error) =>
      error === undefined ? undefined : failureOf(rule, { name, resource }, error),
    );
  }

  function failureOf(rule: Rule, action: Pick<Action, 'name' | 'resource'>, error: unknown): Failure {
    count('actionFailures');
    const failure = {
      failedAction: action.name,
      failedResource: action.resource,
      errorMessage: messageOf(error),
    };
    warn(`${rule.name} ${action.name}`, 'a rule action failed', { rule: rule.name, ...failure });
    return failure;
  }

  async function report(rule: Rule, message: InboundMessage, scope: Scope, failures: readonly Failure[]) {
    const { errorAction } = rule;
    if (!errorAction) return;
    const value = errorMessage(rule, message, failures);
    const error = await attempt(prepare(errorAction, { output: { kind: 'json', value }, scope }), clock);
    if (error === undefined) return;
    log.error('the error action of a rule failed: what its actions lost stands nowhere else', {
      rule: rule.name,
      topic: message.topic,
      traceId: message.traceId,
      action: errorAction.name,
      resource: errorAction.resource,
      error: messageOf(error),
    });
  }

  // `held` is let go once the action has taken its bytes: a delivery stream may keep those for minutes.
  function dispatch(
    rule: Rule,
    index: number,
    group: FailureGroup,
    held: Selected | undefined,
  ): RuleDispatch {
    const action = rule.actions[index]!;
    let done: Promise<void> | undefined;
    return {
      id: dispatchId(rule, index),
      run() {
        if (held) {
          const deliver = prepare(action, held);
          const target = action.resourceOf
            ? { name: action.name, resource: resourceOf(action, held) }
            : action;
          held = undefined;
          done = group.run(() => act(rule, target, deliver));
        }
        return done!;
      },
    };
  }

  return {
    dispatches(rule, message, topic, selected) {
      const group = createGroup(rule, message, scopeLater(rule, message, topic, selected));
      const all: RuleDispatch[] = [];
      for (let index = 0; index < rule.actions.length; index++)
        all.push(dispatch(rule, index, group, selected));
      return all;
    },
  };

  /** Evaluated anew, so that nothing is held meanwhile; answers of services are held, since they may change. */
  function scopeLater(rule: Rule, message: InboundMessage, topic: string, selected: Selected): () => Scope {
    if (rule.statement.asks) {
      const { scope } = selected;
      return () => scope;
    }
    return () => rule.statement.scope(createMessageContext(message, topic, environment));
  }

  function createGroup(rule: Rule, message: InboundMessage, scopeOf: () => Scope): FailureGroup {
    return createFailureGroup(clock, async (failures) => {
      try {
        await report(rule, message, scopeOf(), failures);
      } catch (error) {
        log.error('reporting a failed rule action failed', { rule: rule.name, error: messageOf(error) });
      }
    });
  }
}
