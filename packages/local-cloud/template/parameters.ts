// Gives each parameter of the template its value, and refuses one that its own declaration forbids.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html

import type { Entry, Node, Place } from './document.ts';
import { entriesOf, type Fail, literal, literals } from './sections.ts';
import { StartError } from '../start-error.ts';

/** Values from one source, such as samconfig.toml, with the words that name it in a message. */
export interface Overrides {
  readonly source: string;
  readonly values: ReadonlyMap<string, string>;
  /** What it may set of another template, for a message, such as `domain.yaml has IotName`. */
  readonly others?: string;
}

/** CloudFormation accepts only a hosted zone of the account. The local account has none, so any id is accepted, and one is assumed. */
const ZONE = 'AWS::Route53::HostedZone::Id';
const ANY_ZONE = 'Z00000000000000000000';
const TYPES = ['String', 'Number', 'CommaDelimitedList', 'List<Number>', ZONE];
const KEYS = [
  'Type',
  'Default',
  'Description',
  'AllowedPattern',
  'AllowedValues',
  'ConstraintDescription',
  'MaxLength',
  'MaxValue',
  'MinLength',
  'MinValue',
  'NoEcho',
];

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

type Declaration = ReadonlyMap<string, Entry<Node>>;
/** Returns what is wrong with `value`, or undefined. */
type Check = (value: string, limit: Node, fail: Fail) => string | undefined;

const limitOf = (limit: Node, what: string, fail: Fail) => {
  const text = literal(limit, what, fail);
  return NUMBER.test(text) ? Number(text) : fail(limit.place, `${what} must be a number`);
};

const CHECKS: Readonly<Record<string, Check>> = {
  MinLength(value, limit, fail) {
    const least = limitOf(limit, 'MinLength', fail);
    return value.length < least ? `must be at least ${least} characters long` : undefined;
  },
  MaxLength(value, limit, fail) {
    const most = limitOf(limit, 'MaxLength', fail);
    return value.length > most ? `must be at most ${most} characters long` : undefined;
  },
  AllowedValues(value, limit, fail) {
    const allowed = literals(limit, 'AllowedValues', fail);
    return allowed.includes(value) ? undefined : `must be one of ${allowed.join(', ')}`;
  },
  AllowedPattern(value, limit, fail) {
    const pattern = literal(limit, 'AllowedPattern', fail);
    let expression: RegExp;
    try {
      expression = new RegExp(`^(?:${pattern})$`, 'u');
    } catch {
      return fail(limit.place, `AllowedPattern ${pattern} is not a regular expression`);
    }
    return expression.test(value) ? undefined : `must match ${pattern}`;
  },
  MinValue(value, limit, fail) {
    const least = limitOf(limit, 'MinValue', fail);
    return Number(value) < least ? `must be at least ${least}` : undefined;
  },
  MaxValue(value, limit, fail) {
    const most = limitOf(limit, 'MaxValue', fail);
    return Number(value) > most ? `must be at most ${most}` : undefined;
  },
};

const isListType = (type: string) => type === 'CommaDelimitedList' || type === 'List<Number>';

function problemOf(value: string, type: string, declaration: Declaration, fail: Fail): string | undefined {
  const items = isListType(type) ? listItems(value) : [value];
  if (type.includes('Number') && !items.every((item) => NUMBER.test(item))) return 'must be a number';
  for (const [key, check] of Object.entries(CHECKS)) {
    const limit = declaration.get(key)?.value;
    if (!limit) continue;
    const problem = items.map((item) => check(item, limit, fail)).find((found) => found !== undefined);
    if (problem) return problem;
  }
  return undefined;
}

/** The items of a list parameter, as CloudFormation reads them: split at commas, trimmed. */
export const listItems = (value: string): string[] =>
  value === '' ? [] : value.split(',').map((item) => item.trim());

export interface Parameters {
  readonly values: ReadonlyMap<string, string>;
  /** Names of the parameters whose `Ref` is a list. */
  readonly lists: ReadonlySet<string>;
  /** Names of the parameters with `NoEcho`, whose values are shown nowhere. */
  readonly hidden: ReadonlySet<string>;
}

/** @throws StartError for an override that names no parameter */
function requireKnown(
  declarations: ReadonlyMap<string, Entry<Node>>,
  overrides: readonly Overrides[],
  file: string,
): void {
  for (const { source, values, others } of overrides) {
    for (const name of values.keys()) {
      if (declarations.has(name)) continue;
      const known = [...declarations.keys()].join(', ') || 'none';
      throw new StartError(
        `${source} sets ${name}, which is not a parameter of ${file}: it has ${known}${others === undefined ? '' : `; ${others}`}`,
      );
    }
  }
}

function typeOf(name: string, declaration: Declaration, place: Place, fail: Fail): string {
  const node = declaration.get('Type')?.value;
  if (!node) return fail(place, `parameter ${name} needs a Type`);
  const type = literal(node, `Type of parameter ${name}`, fail);
  if (TYPES.includes(type)) return type;
  return fail(node.place, `parameter type ${type} is not supported: use ${TYPES.join(', ')}`);
}

function defaultOf(name: string, type: string, declaration: Declaration, fail: Fail): string | undefined {
  const node = declaration.get('Default')?.value;
  if (node) return literal(node, `Default of parameter ${name}`, fail);
  return type === ZONE ? ANY_ZONE : undefined;
}

interface Parameter {
  readonly value: string;
  readonly isList: boolean;
  readonly isHidden: boolean;
}

function readParameter(
  name: string,
  { place, value: node }: Entry<Node>,
  overrides: readonly Overrides[],
  fail: Fail,
): Parameter {
  const declaration = entriesOf(node, `parameter ${name}`, KEYS, fail);
  const type = typeOf(name, declaration, place, fail);
  const given = overrides.findLast((override) => override.values.has(name));
  const value = given?.values.get(name) ?? defaultOf(name, type, declaration, fail);
  if (value === undefined)
    return fail(
      place,
      `parameter ${name} has no value and no default: start with --parameter-overrides ${name}=...`,
    );
  const problem = problemOf(value, type, declaration, fail);
  if (problem) {
    const hint = declaration.get('ConstraintDescription')?.value;
    const reason = hint ? literal(hint, 'ConstraintDescription', fail) : problem;
    const source = given ? ` (from ${given.source})` : '';
    return fail(place, `parameter ${name} is ${JSON.stringify(value)}${source} but ${reason}`);
  }
  const noEcho = declaration.get('NoEcho')?.value;
  const isHidden = noEcho !== undefined && literal(noEcho, `NoEcho of parameter ${name}`, fail) === 'true';
  return { value, isList: isListType(type), isHidden };
}

/**
 * The value of each parameter: the last override that names it, else its default.
 * @throws StartError for a parameter without a value, a value that is not allowed, and an override that names no parameter.
 */
export function resolveParameters(
  declarations: ReadonlyMap<string, Entry<Node>>,
  overrides: readonly Overrides[],
  file: string,
  fail: Fail,
): Parameters {
  requireKnown(declarations, overrides, file);
  const values = new Map<string, string>();
  const lists = new Set<string>();
  const hidden = new Set<string>();
  for (const [name, entry] of declarations) {
    const { value, isList, isHidden } = readParameter(name, entry, overrides, fail);
    values.set(name, value);
    if (isList) lists.add(name);
    if (isHidden) hidden.add(name);
  }
  return { values, lists, hidden };
}
