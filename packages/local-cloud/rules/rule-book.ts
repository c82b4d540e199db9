// The running rules: those of the template, which are read only, and those that the API creates, which survive a restart.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { change, type Registry, type TopicRule } from '../iot/registry.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import type { RulesEngine } from './engine.ts';
import { apiPayload, asResource, withoutPlace } from './rule-payload.ts';
import { readRule, type RuleSpec } from './rule-spec.ts';

type Json = Readonly<Record<string, unknown>>;

export interface ListedRule {
  readonly name: string;
  readonly arn: string;
  /** In the form of the API. */
  readonly payload: Json;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly disabled: boolean;
}

export interface RuleBook {
  all(): readonly ListedRule[];
  /** @throws AwsError UnauthorizedException for an unknown rule, as on AWS */
  find(name: string): ListedRule;
  /** Each resolves once the rule is on disk and runs. @throws AwsError for a rule that cannot run, or that the template declares */
  create(name: string, payload: Json): Promise<void>;
  replace(name: string, payload: Json): Promise<void>;
  setDisabled(name: string, disabled: boolean): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface RuleBookOptions {
  readonly template: Pick<ResolvedTemplate, 'resources' | 'ofType'>;
  readonly engine: RulesEngine;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
}

const isOff = (value: unknown) => value === true || value === 'true';

/** Errors of SQL have their own code; all others are invalid requests. */
function asAwsError(error: unknown): unknown {
  if (!(error instanceof StartError)) return error;
  const [problem = ''] = error.problems.map(withoutPlace);
  const code = problem.startsWith('SQL ') ? 'SqlParseException' : 'InvalidRequestException';
  return new AwsError(code, problem, 400);
}

const denied = (name: string) =>
  new AwsError('UnauthorizedException', `Access to topic rule '${name}' was denied`, 401);

/** The rules of the template, by name. */
function declaredRules(template: RuleBookOptions['template'], createdAt: number): Map<string, ListedRule> {
  return new Map(
    template.ofType('AWS::IoT::TopicRule').map(({ name, arn, properties }) => {
      const payload = apiPayload(properties['TopicRulePayload']);
      return [name, { name, arn, payload, createdAt, disabled: isOff(payload['ruleDisabled']) }];
    }),
  );
}

/** What operations on rules work with. */
interface Book extends RuleBookOptions {
  readonly declared: ReadonlyMap<string, ListedRule>;
  readonly arnOf: (name: string) => string;
  readonly specOf: (rule: TopicRule) => RuleSpec;
}

/** At the start, a rule that cannot run does not stop the others. */
function runWhatRuns({ registry, engine, declared, specOf, log }: Book): void {
  const running: RuleSpec[] = [];
  for (const rule of registry.rules.values()) {
    if (declared.has(rule.name)) {
      log.warn('a rule of the API does not run: the template has one of its name', { rule: rule.name });
      continue;
    }
    try {
      const spec = specOf(rule);
      engine.setMore([...running, spec]);
      running.push(spec);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      log.error('a rule of the API does not run', { rule: rule.name, reason: withoutPlace(error.message) });
    }
  }
  engine.setMore(running);
}

/** @throws AwsError for a rule of the template, and for an unknown rule */
function requireOwn({ declared, registry }: Book, name: string): TopicRule {
  if (declared.has(name))
    throw new AwsError(
      'ConflictingResourceUpdateException',
      `Rule ${name} is of the template: change it there`,
      409,
    );
  const found = registry.rules.get(name);
  if (found) return found;
  throw denied(name);
}

/** Compiles a rule before it is stored, so that every stored rule can run. */
async function put({ registry, engine, declared, specOf }: Book, rule: TopicRule): Promise<void> {
  const others = [...registry.rules.values()].filter(({ name }) => name !== rule.name && !declared.has(name));
  const before = engine.more();
  try {
    const spec = specOf(rule);
    engine.setMore([...before.filter(({ name }) => others.some((other) => other.name === name)), spec]);
  } catch (error) {
    throw asAwsError(error);
  }
  try {
    await registry.commit([change('rule', rule.name, rule)]);
  } catch (error) {
    engine.setMore(before);
    throw error;
  }
}

/** Rules of an earlier run that cannot run any more are kept and logged. */
export function openRuleBook(options: RuleBookOptions): RuleBook {
  const { template, engine, registry, clock } = options;
  const declared = declaredRules(template, clock.now());
  const arnOf = (name: string) => registry.arn(`rule/${name}`);
  const specOf = ({ name, payload }: TopicRule): RuleSpec =>
    readRule(template, asResource(name, arnOf(name), payload), { atRunTime: true });
  const book: Book = { ...options, declared, arnOf, specOf };
  runWhatRuns(book);

  const listed = ({ name, payload, createdAt }: TopicRule): ListedRule => ({
    ...{ name, arn: arnOf(name), payload, createdAt },
    disabled: isOff(payload['ruleDisabled']),
  });

  return {
    all: () => [
      ...declared.values(),
      ...[...registry.rules.values()].filter(({ name }) => !declared.has(name)).map(listed),
    ],
    find: (name) => declared.get(name) ?? listed(requireOwn(book, name)),
    async create(name, payload) {
      if (declared.has(name) || registry.rules.has(name)) {
        const details = { resourceId: name, resourceArn: arnOf(name) };
        throw new AwsError('ResourceAlreadyExistsException', `Rule ${name} already exists`, 409, details);
      }
      await put(book, { name, payload, createdAt: clock.now() });
    },
    async replace(name, payload) {
      await put(book, { ...requireOwn(book, name), payload });
    },
    async setDisabled(name, ruleDisabled) {
      const rule = requireOwn(book, name);
      await put(book, { ...rule, payload: { ...rule.payload, ruleDisabled } });
    },
    async remove(name) {
      requireOwn(book, name);
      await registry.commit([change('rule', name, undefined)]);
      engine.setMore(engine.more().filter((spec) => spec.name !== name));
    },
  };
}
