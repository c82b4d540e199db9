// Reads a policy document, of AWS IoT or of an IAM role, and compiles it once; what the local cloud would not evaluate as
// AWS does is refused here. https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html

import { AwsError } from '../aws-error.ts';
import { compileCondition, type Condition } from './condition.ts';
import { unknownAction } from './action.ts';
import { canonicalKey } from './key.ts';
import { parsePattern, type Pattern } from './pattern.ts';

/** The problem of a document, and its place: `['Statement', 1, 'Action']`. */
export class PolicyError extends AwsError {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], problem: string) {
    const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    super(
      'MalformedPolicyException',
      `Policy document is malformed: ${place ? `${place.slice(1)}: ` : ''}${problem}`,
    );
    this.path = path;
  }
}

/** A list of patterns, or everything except them. */
export interface Scope {
  readonly patterns: readonly Pattern[];
  readonly negated: boolean;
}

export interface Statement {
  readonly policyName: string;
  /** Counted from 1, as people do. */
  readonly number: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Scope;
  readonly resources: Scope;
  readonly conditions: readonly Condition[];
}

/**
 * The kind of a document: a policy of AWS IoT; one of a role for browsers, which may name every service, and whose condition
 * keys all have a value here; or one of a role for functions, which may have any condition key.
 */
export type PolicyKind = 'iot' | 'iam' | 'role';

/** AWS counts a document's characters without white space. */
export const MAXIMUM_POLICY_SIZE = 2048;
const MAXIMUM_SIZES: Readonly<Record<PolicyKind, number>> = {
  iot: MAXIMUM_POLICY_SIZE,
  iam: 10_240,
  role: 10_240,
};

type Path = readonly (string | number)[];
type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseOthers(value: JsonObject, known: readonly string[], path: Path): void {
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new PolicyError(
      [...path, other],
      `an AWS IoT policy has no element ${other} here (${known.join(', ')})`,
    );
  }
}

/** IAM accepts one value or a list of them, and in a condition also true, false and numbers. */
function textsOf(value: unknown, path: Path, scalars = false): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item, index) => {
    if (typeof item === 'string') return item;
    if (scalars && (typeof item === 'boolean' || typeof item === 'number')) return String(item);
    throw new PolicyError(Array.isArray(value) ? [...path, index] : path, 'a text is expected');
  });
}

/** Turns a SyntaxError of a compiler into one that names the place. */
function at<T>(path: Path, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof SyntaxError) throw new PolicyError(path, error.message);
    throw error;
  }
}

const lowerCase = (key: string) => key.toLowerCase();

/** The one spelling of a condition key or variable in a document. */
const KEYS_OF: Readonly<Record<PolicyKind, (key: string) => string | undefined>> = {
  iot: canonicalKey,
  iam: canonicalKey,
  role: lowerCase,
};

function checkVariables(variables: readonly string[], path: Path, kind: PolicyKind): void {
  const unknown = variables.find((name) => !KEYS_OF[kind](name));
  if (unknown !== undefined) {
    throw new PolicyError(
      path,
      `policy variable \${${unknown}} is not one that AWS IoT and the local cloud know`,
    );
  }
}

const ACTION_FORMS: Readonly<Record<PolicyKind, { form: RegExp; named: string }>> = {
  iot: {
    form: /^(iot|iotjobsdata|greengrass):[a-z*?]{1,100}$/i,
    named: 'an action of AWS IoT, such as iot:Publish or iot:*',
  },
  iam: {
    form: /^[a-z0-9-]+:[a-z0-9*?]+$/i,
    named: 'an action, such as iot:Publish or lambda:InvokeFunction',
  },
  role: {
    form: /^[a-z0-9-]+:[a-z0-9*?]+$/i,
    named: 'an action, such as s3:GetObject or lambda:InvokeFunction',
  },
};

function checkAction(text: string, pattern: Pattern, path: Path): void {
  const bound = pattern.bind(() => undefined);
  const near = unknownAction(text, (action) => 'test' in bound && bound.test(action));
  if (near === undefined) return;
  const advice = near && `: did you mean ${near}?`;
  throw new PolicyError(path, `"${text}" is not an action that policies of AWS IoT have${advice}`);
}

const actionPattern =
  (kind: PolicyKind) =>
  (text: string, path: Path): Pattern => {
    const { form, named } = ACTION_FORMS[kind];
    if (text !== '*' && !form.test(text)) throw new PolicyError(path, `"${text}" is not ${named}`);
    const pattern = parsePattern(text.toLowerCase());
    if (kind === 'iot') checkAction(text, pattern, path);
    return pattern;
  };

const resourcePattern =
  (kind: PolicyKind) =>
  (text: string, path: Path): Pattern => {
    if (text !== '*' && !text.startsWith('arn:')) {
      throw new PolicyError(
        path,
        `"${text}" is neither * nor an ARN such as arn:aws:iot:us-east-1:000000000000:topic/a/*`,
      );
    }
    const pattern = at(path, () => parsePattern(text));
    checkVariables(pattern.variables, path, kind);
    return pattern;
  };

/** Reads `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two. */
function scopeOf(
  statement: JsonObject,
  name: string,
  path: Path,
  compile: (text: string, path: Path) => Pattern,
): Scope {
  const negatedName = `Not${name}`;
  const negated = Object.hasOwn(statement, negatedName);
  if (negated === Object.hasOwn(statement, name)) {
    throw new PolicyError(path, `a statement needs either ${name} or ${negatedName}`);
  }
  const place = [...path, negated ? negatedName : name];
  const texts = textsOf(statement[negated ? negatedName : name], place);
  if (texts.length === 0) throw new PolicyError(place, 'the list is empty');
  return { negated, patterns: texts.map((text) => compile(text, place)) };
}

function conditionsOf(value: unknown, path: Path, kind: PolicyKind): Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new PolicyError(path, 'an object of operators is expected');
  return Object.entries(value).flatMap(([operator, keys]) => {
    const place = [...path, operator];
    if (!isObject(keys)) throw new PolicyError(place, 'an object of condition keys is expected');
    return Object.entries(keys).map(([key, values]) => {
      const texts = textsOf(values, [...place, key], true);
      const condition = at([...place, key], () => compileCondition(operator, key, texts, KEYS_OF[kind]));
      checkVariables(condition.keys, [...place, key], kind);
      return condition;
    });
  });
}

const STATEMENT_ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

function statementOf(policyName: string, value: unknown, index: number, kind: PolicyKind): Statement {
  const path = ['Statement', index];
  if (!isObject(value)) throw new PolicyError(path, 'an object is expected');
  refuseOthers(value, STATEMENT_ELEMENTS, path);
  const { Sid: sid, Effect: effect } = value;
  if (sid !== undefined && (typeof sid !== 'string' || !/^[a-zA-Z0-9]*$/.test(sid))) {
    throw new PolicyError([...path, 'Sid'], 'a Sid is made of letters and digits');
  }
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new PolicyError([...path, 'Effect'], 'Allow or Deny is expected');
  return {
    policyName,
    number: index + 1,
    sid: sid || undefined,
    effect,
    actions: scopeOf(value, 'Action', path, actionPattern(kind)),
    resources: scopeOf(value, 'Resource', path, resourcePattern(kind)),
    conditions: conditionsOf(value['Condition'], [...path, 'Condition'], kind),
  };
}

function parse(document: string, kind: PolicyKind): unknown {
  const maximum = MAXIMUM_SIZES[kind];
  if (document.replace(/\s+/g, '').length > maximum) {
    throw new PolicyError([], `it is longer than ${maximum} characters, not counting white space`);
  }
  try {
    return JSON.parse(document);
  } catch (error) {
    throw new PolicyError([], (error as Error).message);
  }
}

/**
 * @param document the policy's JSON text.
 * @throws PolicyError (MalformedPolicyException) naming the element that is malformed or unknown to AWS IoT.
 */
export function compilePolicy(policyName: string, document: string, kind: PolicyKind = 'iot'): Statement[] {
  const parsed = parse(document, kind);
  if (!isObject(parsed)) throw new PolicyError([], 'a JSON object is expected');
  refuseOthers(parsed, ['Version', 'Id', 'Statement'], []);
  const isOld = kind === 'role' && [undefined, '2008-10-17'].includes(parsed['Version'] as undefined);
  if (parsed['Version'] !== '2012-10-17' && !isOld)
    throw new PolicyError(['Version'], 'must be "2012-10-17"');
  const { Statement: statements } = parsed;
  const list: readonly unknown[] = Array.isArray(statements) ? statements : [statements];
  if (list.length === 0) throw new PolicyError(['Statement'], 'there is no statement');
  return list.map((statement, index) => statementOf(policyName, statement, index, kind));
}
