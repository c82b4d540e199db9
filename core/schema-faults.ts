// Describes faults in the form of data in sentences for people, because a library's messages do not help them.

import type * as z from 'zod/mini';
import { nearest } from './nearest.ts';

/** `name` is the path of the field, such as `levels.0.clearBelow`, empty for the whole; `detail` continues the sentence. */
export interface FormFault {
  readonly name: string;
  readonly detail: string;
}

type Schema = z.ZodMiniType;

/** The parts of a Zod schema that are read here, as its documentation for library authors describes them. */
interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly element?: Schema;
  readonly keyType?: Schema;
  readonly valueType?: Schema;
  readonly options?: readonly Schema[];
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly unknown[];
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
  readonly error?: (issue: unknown) => unknown;
  readonly format?: string;
}

interface Check {
  readonly check: string;
  readonly value?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly error?: (issue: unknown) => unknown;
}

const definitionOf = (schema: Schema) => schema.def as unknown as Definition;
const isWrapper = ({ type }: Definition) => type === 'optional' || type === 'nullable' || type === 'pipe';

/** The schema without wrappers that only make it optional or transform it. */
function bare(schema: Schema): { readonly definition: Definition; readonly isNullable: boolean } {
  let definition = definitionOf(schema);
  let isNullable = false;
  while (isWrapper(definition)) {
    if (definition.type === 'nullable') isNullable = true;
    definition = definitionOf((definition.innerType ?? definition.in)!);
  }
  return { definition, isNullable };
}

/** All faults in the form of the value; empty if the schema accepts it. */
export function formFaults(schema: Schema, value: unknown): FormFault[] {
  const { success, error } = schema.safeParse(value);
  return success ? [] : faultsIn(schema, value, error.issues);
}

/** The issues that Zod found in the value, as faults. */
export function faultsIn(schema: Schema, value: unknown, issues: readonly z.core.$ZodIssue[]): FormFault[] {
  const faults = issues.flatMap((issue): FormFault[] => {
    const place = issue.path.map(String);
    const target = schemaAt(schema, place);
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(target ? (bare(target).definition.shape ?? {}) : {});
      return issue.keys.map((key) => unknownField([...place, key], known));
    }
    const name = place.join('.');
    if (issue.code === 'invalid_key') {
      const { keyType } = bare(schemaAt(schema, place.slice(0, -1)) ?? schema).definition;
      return [{ name, detail: `must be named by ${keyType ? expectationOf(keyType) : 'another name'}` }];
    }
    if (!target) return [{ name, detail: 'is not as it must be' }];
    if (issue.code === 'custom' && issue.message.startsWith('must '))
      return [{ name, detail: issue.message }];
    const isMissing = valueAt(value, issue.path) === undefined && place.length > 0;
    const expected = expectationOf(target);
    return [{ name, detail: isMissing ? `must be given: ${expected}` : `must be ${expected}` }];
  });
  // A text may violate both its length and its pattern, which one sentence describes.
  const distinct = new Map(faults.map((fault) => [`${fault.name}: ${fault.detail}`, fault]));
  return [...distinct.values()];
}

function unknownField(place: readonly string[], known: readonly string[]): FormFault {
  const near = nearest(place.at(-1)!, known);
  const hint = near === undefined ? known.join(', ') : near;
  const detail = `is not known here${hint && (near === undefined ? `: use ${hint}` : `: did you mean ${hint}?`)}`;
  return { name: place.join('.'), detail };
}

function schemaAt(schema: Schema, place: readonly string[]): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const name of place) {
    if (!found) return undefined;
    const { shape, element, valueType }: Definition = bare(found).definition;
    found = shape && Object.hasOwn(shape, name) ? shape[name] : (element ?? valueType);
  }
  return found;
}

function valueAt(value: unknown, place: readonly PropertyKey[]): unknown {
  let found = value;
  for (const name of place) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[name];
  }
  return found;
}

/** Completes "must be", such as `a whole number from 1 to 60`. */
export function expectationOf(schema: Schema): string {
  const { definition, isNullable } = bare(schema);
  const own = definition.error?.({});
  const found = typeof own === 'string' ? own.replace(/^must be /, '') : expectations(definition);
  return isNullable ? `${found}, or null to remove it` : found;
}

function expectations(definition: Definition): string {
  const { type, checks = [] } = definition;
  const rules = checks.map(({ _zod: { def } }) => def);
  if (type === 'string') return textExpectation(rules);
  if (type === 'number') return numberExpectation(definition, rules);
  if (type === 'boolean') return 'true or false';
  if (type === 'enum') return oneOf(Object.values(definition.entries ?? {}));
  if (type === 'literal') return oneOf((definition.values ?? []).map(String));
  if (type === 'array') {
    const { minimum: least = 0 } = rules.find(({ check }) => check === 'min_length') ?? {};
    const { maximum: most } = rules.find(({ check }) => check === 'max_length') ?? {};
    const number = most === undefined ? (least > 0 ? ` of ${least} or more` : '') : ` of ${least} to ${most}`;
    return `a list${number}`;
  }
  if (type === 'union') return (definition.options ?? []).map(expectationOf).join(' or ');
  return type === 'object' || type === 'record' ? 'a JSON object' : 'of another form';
}

function textExpectation(checks: readonly Check[]): string {
  const { error } = checks.find(({ check }) => check === 'string_format') ?? {};
  const own = error?.({});
  if (typeof own === 'string') return own.replace(/^must be /, '');
  const { minimum: least = 0 } = checks.find(({ check }) => check === 'min_length') ?? {};
  const { maximum: most } = checks.find(({ check }) => check === 'max_length') ?? {};
  return most === undefined ? 'text' : `text of ${least} to ${most} characters`;
}

function numberExpectation({ format }: Definition, checks: readonly Check[]): string {
  const what = format === 'safeint' ? 'a whole number' : 'a number';
  const { value: least } = checks.find(({ check }) => check === 'greater_than') ?? {};
  const { value: most } = checks.find(({ check }) => check === 'less_than') ?? {};
  if (least !== undefined && most !== undefined) return `${what} from ${least} to ${most}`;
  if (least !== undefined) return `${what} from ${least}`;
  return most === undefined ? what : `${what} up to ${most}`;
}

const oneOf = (values: readonly string[]) =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
