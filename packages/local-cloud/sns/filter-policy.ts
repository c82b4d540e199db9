// A subscription's filter policy: parsed and checked as by SNS, then applied to every message of the topic.

import type { Attribute } from './attributes.ts';
import { attributeFacts, bodyFacts, objectFacts, type Facts } from './filter-facts.ts';
import {
  isObject,
  isOperator,
  PolicyProblem,
  readCondition,
  refuse,
  wildcardPieces,
} from './filter-operators.ts';

/** What the keys of a policy refer to: message attributes, or properties of a message that is a JSON object. */
export type FilterScope = 'MessageAttributes' | 'MessageBody';

export interface FilterInput {
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The text that this subscriber would get. */
  readonly body: string;
}

export interface Filter {
  readonly scope: FilterScope;
  /** The policy as given; undefined when every message passes. */
  readonly policy: string | undefined;
  /** Never throws, whatever the message. */
  readonly accepts: (message: FilterInput) => boolean;
}

/** https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html */
const LIMITS = { bytes: 262_144, keys: 5, combinations: 150, wildcardPoints: 100 } as const;

/** A parsed part of a policy. */
interface Rule {
  readonly accepts: (facts: Facts) => boolean;
  /** Keys at this level, those inside `$or` included. */
  readonly keys: readonly string[];
  /** Values multiplied by their depth and with each other; alternatives of `$or` are added up. */
  readonly combinations: number;
  readonly wildcardPoints: number;
  readonly nested: boolean;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const product = (numbers: readonly number[]): number => numbers.reduce((total, number) => total * number, 1);

/** A single wildcard counts one point, each of several three; the points of one key's patterns are combined. */
function wildcardPoints(conditions: readonly unknown[]): number {
  const points = conditions.flatMap((condition) => {
    if (!isObject(condition)) return [];
    const excluded = condition['anything-but'];
    const pattern = isObject(excluded) ? excluded['wildcard'] : condition['wildcard'];
    if (typeof pattern !== 'string') return [];
    const wildcards = wildcardPieces(pattern).length - 1;
    return wildcards > 1 ? wildcards * 3 : wildcards;
  });
  return sum(points) * points.length;
}

function readConditions(key: string, conditions: readonly unknown[], depth: number): Rule {
  if (conditions.length === 0) refuse('Empty arrays are not allowed');
  const tests = conditions.map(readCondition);
  return {
    accepts: (facts) => {
      const values = facts.values(key);
      return tests.some((test) => test(values));
    },
    keys: [key],
    combinations: conditions.length * depth,
    wildcardPoints: wildcardPoints(conditions),
    nested: false,
  };
}

/** Any other `$or` is a key of that name. */
const isAlternatives = (value: unknown): value is readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) &&
  value.length >= 2 &&
  value.every((branch) => isObject(branch) && !Object.keys(branch).some(isOperator));

function readEntry(key: string, value: unknown, depth: number): Rule {
  if (key === '$or' && isAlternatives(value)) {
    const branches = value.map((branch) => readObject(branch, depth));
    return {
      accepts: (facts) => branches.some((branch) => branch.accepts(facts)),
      keys: branches.flatMap(({ keys }) => keys),
      combinations: sum(branches.map(({ combinations }) => combinations)),
      wildcardPoints: sum(branches.map((branch) => branch.wildcardPoints)),
      nested: branches.some(({ nested }) => nested),
    };
  }
  if (Array.isArray(value)) return readConditions(key, value, depth);
  if (!isObject(value)) return refuse(`"${key}" must be an object or an array`);
  const inner = readObject(value, depth + 1);
  return { ...inner, accepts: (facts) => facts.inside(key).some(inner.accepts), keys: [key], nested: true };
}

function readObject(object: Readonly<Record<string, unknown>>, depth: number): Rule {
  if (depth > LIMITS.combinations) refuse('Filter policy is too complex');
  const entries = Object.entries(object);
  if (entries.length === 0) refuse('Empty objects are not allowed');
  const rules = entries.map(([key, value]) => readEntry(key, value, depth));
  return {
    accepts: (facts) => rules.every((rule) => rule.accepts(facts)),
    keys: rules.flatMap(({ keys }) => keys),
    combinations: product(rules.map(({ combinations }) => combinations)),
    wildcardPoints: sum(rules.map((rule) => rule.wildcardPoints)),
    nested: rules.some(({ nested }) => nested),
  };
}

function parse(policy: string): Readonly<Record<string, unknown>> {
  if (Buffer.byteLength(policy) > LIMITS.bytes) refuse('Filter policy is larger than 256 KB');
  let parsed: unknown;
  try {
    parsed = JSON.parse(policy);
  } catch {
    return refuse('failed to parse JSON.');
  }
  return isObject(parsed) ? parsed : refuse('Filter is not an object');
}

function readPolicy(object: Readonly<Record<string, unknown>>): Rule {
  const rule = readObject(object, 1);
  if (new Set(rule.keys).size > LIMITS.keys) {
    refuse(`Filter policy can not have more than ${LIMITS.keys} keys`);
  }
  if (rule.combinations > LIMITS.combinations || rule.wildcardPoints > LIMITS.wildcardPoints) {
    refuse('Filter policy is too complex');
  }
  return rule;
}

const everything = () => true;

const SCOPES: Readonly<Record<FilterScope, (message: FilterInput) => Facts | undefined>> = {
  MessageAttributes: ({ attributes }) => attributeFacts(attributes),
  MessageBody: ({ body }) => bodyFacts(body),
};

const isScope = (text: string): text is FilterScope => Object.hasOwn(SCOPES, text);

/**
 * @param policy JSON; empty, or an empty object: every message passes
 * @returns the filter, or which attribute of the subscription SNS would refuse and why: `FilterPolicy: ...`
 */
export function readFilter(
  policy = '',
  scope = 'MessageAttributes',
): Filter | { readonly attribute: 'FilterPolicy' | 'FilterPolicyScope'; readonly problem: string } {
  if (!isScope(scope)) {
    const problem = `FilterPolicyScope: Invalid value [${scope}]. Please use either MessageBody or MessageAttributes`;
    return { attribute: 'FilterPolicyScope', problem };
  }
  try {
    const object = policy === '' ? {} : parse(policy);
    if (Object.keys(object).length === 0) return { scope, policy: undefined, accepts: everything };
    const rule = readPolicy(object);
    if (rule.nested && scope === 'MessageAttributes') {
      const problem = 'Filter policy scope MessageAttributes does not support nested filter policy';
      return { attribute: 'FilterPolicy', problem };
    }
    const factsOf = SCOPES[scope];
    const accepts = (message: FilterInput): boolean => {
      const facts = factsOf(message);
      return facts !== undefined && rule.accepts(facts);
    };
    return { scope, policy, accepts };
  } catch (error) {
    if (!(error instanceof PolicyProblem)) throw error;
    return { attribute: 'FilterPolicy', problem: `FilterPolicy: ${error.message}` };
  }
}

/**
 * A pattern of the same form without the limits of SNS, as in event source mappings.
 *
 * @param pattern JSON
 */
export function readPattern(
  pattern: string,
):
  | { readonly accepts: (object: Readonly<Record<string, unknown>>) => boolean }
  | { readonly problem: string } {
  try {
    const rule = readObject(parse(pattern), 1);
    return { accepts: (object) => rule.accepts(objectFacts(object)) };
  } catch (error) {
    if (!(error instanceof PolicyProblem)) throw error;
    return { problem: error.message };
  }
}

export const noFilter: Filter = { scope: 'MessageAttributes', policy: undefined, accepts: everything };
