// The rules engine: which rules a message reaches, and which of their actions run.

import { type Clock, systemClock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import { createMemo } from '../memo.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import { readAll } from '../start-error.ts';
import type { RuleTargets } from './action.ts';
import { createDelivery, dispatchId, messageOf, type RuleDispatch } from './delivery.ts';
import { createAnswers, type Lookups, untilAnswered } from './lookups.ts';
import {
  createMessageContext,
  defaultEnvironment,
  type Environment,
  type MessageContext,
} from './message-context.ts';
import { compileRule, type Rule } from './rule.ts';
import type { RuleSpec } from './rule-spec.ts';
import type { Outcome } from './statement.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import { createTopicIndex } from './topic-filter.ts';

export type { RuleDispatch } from './delivery.ts';

export interface RulesEngine {
  /** Evaluates every rule that the message reaches. Never throws. */
  match(message: InboundMessage): RuleDispatch[];
  /** Takes these in the place of those that were set before, beside the rules of the template. @throws StartError; then nothing changes */
  setMore(specs: readonly RuleSpec[]): void;
  more(): readonly RuleSpec[];
}

/** The rules that run, by what finds them. */
interface Running {
  readonly byName: ReadonlyMap<string, Rule>;
  /** In the order in which they are declared. */
  readonly byTopic: (topic: string) => readonly Rule[];
}

export interface RulesEngineOptions {
  readonly rules: readonly RuleSpec[];
  readonly actions: RuleTargets;
  /** What SQL may ask. */
  readonly lookups?: Lookups;
  readonly log: Log;
  readonly clock?: Clock;
  /** What `newuuid()` gives. */
  readonly newId?: () => string;
  /** At least 0, less than 1; what `rand()` gives. */
  readonly random?: () => number;
  readonly accountId?: string;
  /** Totals: `ruleMatches`, `sqlFailures`, `actionFailures`, `rulesNotFound`. */
  readonly count?: (name: string, by?: number) => void;
  readonly meter?: Meter;
}

/** Topics whose rules are remembered. */
const MOST_TOPICS = 4_096;
const BASIC_INGEST = '$aws/rules/';

/** The topic as `topic()` gives it, and the one rule that a topic of Basic Ingest names. */
export function readTopic(topic: string): { readonly topic: string; readonly ruleName?: string } {
  if (!topic.startsWith(BASIC_INGEST)) return { topic };
  const [ruleName = '', ...rest] = topic.slice(BASIC_INGEST.length).split('/');
  return { topic: rest.join('/'), ruleName };
}

function indexOf(rules: readonly Rule[]): Running {
  const index = createTopicIndex<Rule>();
  for (const rule of rules) if (rule.statement.from) index.add(rule.statement.from, rule);
  const byTopic = createMemo(MOST_TOPICS, (topic: string) =>
    index.match(topic.split('/')).sort((a, b) => a.order - b.order),
  );
  return { byName: new Map(rules.map((rule) => [rule.name, rule])), byTopic };
}

/** What evaluates the rules of one engine. */
interface Evaluation {
  readonly log: Log;
  readonly clock: Clock;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
  readonly environment: Environment;
  readonly warn: ReturnType<typeof createThrottledWarning>;
}

/** Basic Ingest reaches the one rule that its topic names, whatever that rule's FROM says. */
function find(
  running: Running,
  message: InboundMessage,
  { count, meter, warn }: Evaluation,
): { topic: string; found: readonly Rule[] } {
  const { topic, ruleName } = readTopic(message.topic);
  if (ruleName === undefined) return { topic, found: running.byTopic(topic) };
  const rule = running.byName.get(ruleName);
  if (rule) return { topic, found: [rule] };
  count('rulesNotFound');
  meter('AWS/IoT', 'RuleNotFound', { RuleName: ruleName }, 'Count')(1);
  warn('', 'no enabled rule has the name that a Basic Ingest topic gives', {
    topic: message.topic,
    clientId: message.clientId,
  });
  return { topic, found: [] };
}

function broken({ log }: Evaluation, rule: Rule, error: unknown): Outcome {
  log.error('evaluating the SQL of a rule broke', { rule: rule.name, error: messageOf(error) });
  return { kind: 'failed', reason: messageOf(error) };
}

/** @returns functions that make the dispatches of a rule: of an outcome, and of SQL that asks services first */
function createDispatcher(evaluation: Evaluation) {
  const { count, meter, warn, clock, environment } = evaluation;
  const delivery = createDelivery(evaluation);

  /** `isTaken`: another rule took the message, as one for payloads that are not JSON does; then the failure is only counted. */
  const now = (rule: Rule, context: MessageContext, outcome: Outcome, isTaken = false): RuleDispatch[] => {
    const { message, topic } = context;
    if (outcome.kind === 'skipped') return [];
    if (outcome.kind === 'selected') {
      count('ruleMatches');
      return delivery.dispatches(rule, message, topic, outcome);
    }
    count('sqlFailures');
    meter('AWS/IoT', 'ParseError', { RuleName: rule.name }, 'Count')(1);
    const fields = {
      rule: rule.name,
      topic: message.topic,
      clientId: message.clientId,
      reason: outcome.reason,
    };
    if (!isTaken) warn(rule.name, 'the SQL of a rule failed: none of its actions runs', fields);
    return [];
  };

  /** SQL that asks is evaluated when its actions are run: what matches a message is known without waiting. */
  const later = (rule: Rule, { message, topic }: MessageContext): RuleDispatch[] => {
    let dispatches: Promise<RuleDispatch[]> | undefined;
    const ask = async () => {
      const context = createMessageContext(message, topic, environment, createAnswers(clock));
      const outcome = await untilAnswered(() => rule.statement.evaluate(context)).catch((error: unknown) =>
        broken(evaluation, rule, error),
      );
      return now(rule, context, outcome);
    };
    return rule.actions.map((_action, index) => ({
      id: dispatchId(rule, index),
      run: async () => (await (dispatches ??= ask()))[index]?.run(),
    }));
  };

  return { now, later };
}

function evaluationOf(options: RulesEngineOptions): Evaluation {
  const { log, clock = systemClock, count = () => {}, meter = noMeter } = options;
  const environment: Environment = {
    accountId: options.accountId ?? defaultEnvironment.accountId,
    newId: options.newId ?? defaultEnvironment.newId,
    random: options.random ?? defaultEnvironment.random,
  };
  return { log, clock, count, meter, environment, warn: createThrottledWarning(log, clock) };
}

function evaluate(evaluation: ReturnType<typeof evaluationOf>, rule: Rule, context: MessageContext): Outcome {
  try {
    return rule.statement.evaluate(context);
  } catch (error) {
    return broken(evaluation, rule, error);
  }
}

/** @throws StartError naming the template line of a rule that the local cloud cannot run as AWS does */
export function createRulesEngine(options: RulesEngineOptions): RulesEngine {
  const evaluation = evaluationOf(options);
  const dispatcher = createDispatcher(evaluation);
  function compileAll(specs: readonly RuleSpec[], firstOrder: number): Rule[] {
    const compiled = readAll(specs.entries(), ([index, spec]) =>
      compileRule(spec, firstOrder + index, options.actions, options.lookups),
    );
    return compiled.filter((_rule, index) => !specs[index]!.disabled);
  }
  const own = compileAll(options.rules, 0);
  let more: readonly RuleSpec[] = [];
  let running = indexOf(own);

  return {
    setMore(specs) {
      running = indexOf([...own, ...compileAll(specs, options.rules.length)]);
      more = specs;
    },
    more: () => more,
    match(message) {
      const { topic, found } = find(running, message, evaluation);
      if (found.length === 0) return [];
      const context = createMessageContext(message, topic, evaluation.environment);
      const outcomes = found.map((rule) =>
        rule.statement.asks ? undefined : evaluate(evaluation, rule, context),
      );
      const isTaken = outcomes.some((outcome) => outcome?.kind === 'selected');
      const dispatches: RuleDispatch[] = [];
      for (const [index, rule] of found.entries()) {
        const outcome = outcomes[index];
        dispatches.push(
          ...(outcome ? dispatcher.now(rule, context, outcome, isTaken) : dispatcher.later(rule, context)),
        );
      }
      return dispatches;
    },
  };
}
