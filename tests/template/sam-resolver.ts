// The variables that `sam local invoke` gives a function: the SAM CLI resolves templates itself, not as CloudFormation does.

import { parse, type CollectionTag, type ScalarTag } from 'yaml';

type Json = Readonly<Record<string, unknown>>;
type Resolve = (value: unknown) => unknown;

/** Short forms as the SAM CLI reads them: `!Ref X` is `{ Ref: X }`, `!GetAtt X.Arn` has a list. */
const long = (name: string) => (['Ref', 'Condition'].includes(name) ? name : `Fn::${name}`);
const SHORT = [
  ...['Ref', 'GetAtt', 'Sub', 'FindInMap', 'Select', 'Split', 'Join'],
  ...['Condition', 'If', 'Equals', 'Not', 'And', 'Or', 'Contains'],
];
const tags = SHORT.flatMap((name): (ScalarTag | CollectionTag)[] => [
  {
    tag: `!${name}`,
    resolve: (text) => ({ [long(name)]: name === 'GetAtt' ? text.split('.') : text }),
  },
  { tag: `!${name}`, collection: 'seq', resolve: (seq) => ({ [long(name)]: seq.toJSON() as unknown[] }) },
]);

/** The file as the SAM CLI reads it. */
function readAsSam(text: string): Json {
  return parse(text, { customTags: tags }) as Json;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);

const PSEUDO: Json = {
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::StackName': 'local',
};

/** Thrown where the SAM CLI gives up; it then leaves the function unchanged. */
class Unresolved extends Error {}

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new Unresolved(`${JSON.stringify(value)} is not text`);
};

/** A parameter's default as YAML reads it, a number as a number; a resource is its logical ID. */
function symbol(template: Json, name: string, attribute: string): unknown {
  if (name in PSEUDO) return PSEUDO[name];
  const fallback = at(template, 'Parameters', name, 'Default');
  if (fallback !== undefined) return fallback;
  if (attribute === 'Ref') return name;
  if (attribute === 'Arn') return `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
  throw new Unresolved(`${name}.${attribute}`);
}

type Handler = (argument: unknown, resolve: Resolve, template: Json) => unknown;

const handlers: Readonly<Record<string, Handler>> = {
  Ref: (name, _, template) => symbol(template, textOf(name), 'Ref'),
  'Fn::GetAtt': (parts, _, template) => {
    const [name, attribute] = parts as [string, string];
    return symbol(template, name, attribute);
  },
  'Fn::Sub': (text, _, template) =>
    textOf(text).replace(/\$\{([\w:]+)(?:\.(\w+))?\}/g, (__, name: string, attribute = 'Ref') =>
      String(symbol(template, name, attribute as string)),
    ),
  // Keys and value must be text; a number among them is the fault that this file is about.
  'Fn::FindInMap': (keys, resolve, template) => {
    const [map, top, second] = (keys as unknown[]).map((key) => textOf(resolve(key)));
    return textOf(at(template, 'Mappings', map!, top!, second!));
  },
  'Fn::If': (parts, resolve, template) => {
    const [name, then, otherwise] = parts as [string, unknown, unknown];
    return resolve(resolve(at(template, 'Conditions', name)) === true ? then : otherwise);
  },
  'Fn::Equals': (parts, resolve) => {
    const [one, other] = (parts as unknown[]).map(resolve);
    return one === other;
  },
  'Fn::Not': (parts, resolve) => !resolve((parts as unknown[])[0]),
  'Fn::Or': (parts, resolve) => (parts as unknown[]).some((part) => resolve(part) === true),
  Condition: (name, resolve, template) => resolve(at(template, 'Conditions', textOf(name))),
};

function resolver(template: Json): Resolve {
  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve);
    if (!isObject(value)) return value;
    const [[name, argument] = ['', undefined]] = Object.entries(value);
    const handler = handlers[name];
    if (handler) return handler(argument, resolve, template);
    if (name.startsWith('Fn::')) throw new Error(`this resolver does not know ${name}: add it`);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each)]));
  };
  return resolve;
}

/** A variable must be text: what could not be resolved becomes empty. */
function variable(resolve: Resolve, value: unknown): string {
  try {
    const found = resolve(value);
    return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
  } catch (error) {
    if (error instanceof Unresolved) return '';
    throw error;
  }
}

/**
 * The variables of each function that the template declares, by logical ID, without a file of `--env-vars`.
 * @see https://github.com/aws/aws-sam-cli/tree/develop/samcli/lib/intrinsic_resolver
 */
export function samVariables(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const template = readAsSam(text);
  const resolve = resolver(template);
  const globals = at(template, 'Globals', 'Function', 'Environment', 'Variables') as Json | undefined;
  const functions = Object.entries(template['Resources'] as Json).filter(
    ([, resource]) => at(resource, 'Type') === 'AWS::Serverless::Function',
  );
  return new Map(
    functions.map(([logicalId, resource]) => {
      const own = at(resource, 'Properties', 'Environment', 'Variables') as Json | undefined;
      const variables = Object.entries({ ...globals, ...own });
      return [
        logicalId,
        Object.fromEntries(variables.map(([name, value]) => [name, variable(resolve, value)])),
      ] as const;
    }),
  );
}

/** Each condition of the template as the SAM CLI evaluates it. */
export function samConditions(text: string): Readonly<Record<string, unknown>> {
  const template = readAsSam(text);
  return resolver(template)(template['Conditions']) as Json;
}
