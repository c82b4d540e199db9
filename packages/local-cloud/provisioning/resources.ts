// The resources of a provisioning template: thing, certificate and policies, each read from its own properties.
// https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html

import { compilePolicy, PolicyError } from '../policies/document.ts';
import {
  compileText,
  compileValue,
  isObject,
  only,
  parameterError,
  templateError,
  type Expression,
  type Json,
  type Names,
  type Path,
  type Scope,
} from './value.ts';

/** How a property of an existing thing changes. `undefined`: it must be equal to the template's. */
export type Override = 'DO_NOTHING' | 'REPLACE' | 'FAIL' | 'MERGE' | undefined;

export interface PlannedThing {
  readonly name: string;
  readonly typeName?: string;
  /** Absent where the template has none. */
  readonly attributes?: Json;
  readonly groups?: readonly string[];
  readonly overrides: Readonly<Record<OverridableProperty, Override>>;
}

export type OverridableProperty = 'AttributePayload' | 'ThingTypeName' | 'ThingGroups';

/** A policy by its name, or one that is created from its document where it is missing. */
export type PlannedPolicy = { readonly name: string } | { readonly document: string };

/** The resources of one device. */
export interface Provisioned {
  readonly thing?: PlannedThing;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly policies: readonly PlannedPolicy[];
  readonly deviceConfiguration: Json;
}

/** The resources that a thing or a certificate adds. */
export type Part = Partial<{ [K in keyof Provisioned]: (scope: Scope) => Provisioned[K] }>;

function overridesOf(value: unknown, path: Path): PlannedThing['overrides'] {
  const settings = only(value ?? {}, ['AttributePayload', 'ThingTypeName', 'ThingGroups'], path);
  const of = (property: OverridableProperty): Override => {
    const action = settings[property];
    if (action === undefined) return undefined;
    const known: readonly Override[] = ['DO_NOTHING', 'REPLACE', 'FAIL'];
    if (property !== 'ThingTypeName' && action === 'MERGE') return 'MERGE';
    if (known.includes(action as Override)) return action as Override;
    throw templateError([...path, property], `${JSON.stringify(action)} is not an override setting here`);
  };
  return {
    AttributePayload: of('AttributePayload'),
    ThingTypeName: of('ThingTypeName'),
    ThingGroups: of('ThingGroups'),
  };
}

export function thingOf(properties: unknown, settings: unknown, names: Names, path: Path): Part {
  const given = only(properties, ['ThingName', 'AttributePayload', 'ThingTypeName', 'ThingGroups'], path);
  if (given['ThingName'] === undefined) throw templateError(path, 'ThingName is missing');
  const text = (name: string) =>
    given[name] === undefined ? undefined : compileText(given[name], names, [...path, name]);
  const value = (name: string): Expression | undefined =>
    given[name] === undefined ? undefined : compileValue(given[name], names, [...path, name]);
  const [name, typeName] = [text('ThingName')!, text('ThingTypeName')];
  const [attributes, groups] = [value('AttributePayload'), value('ThingGroups')];
  const overrides = overridesOf(settings, [...path.slice(0, -1), 'OverrideSettings']);
  return {
    thing(scope) {
      const found = groups?.(scope);
      if (found !== undefined && (!Array.isArray(found) || found.some((group) => typeof group !== 'string')))
        throw parameterError('ThingGroups is not a list of texts');
      const pairs = attributes?.(scope);
      if (pairs !== undefined && !isObject(pairs)) throw parameterError('AttributePayload is not an object');
      return {
        name: name(scope),
        ...(typeName ? { typeName: typeName(scope) } : {}),
        ...(pairs ? { attributes: pairs } : {}),
        ...(found ? { groups: found as string[] } : {}),
        overrides,
      };
    },
  };
}

/** Only the certificate that the device has just got can be provisioned. */
export function certificateOf(properties: unknown, settings: unknown, names: Names, path: Path): Part {
  const { CertificateId, Status } = only(properties, ['CertificateId', 'Status'], path);
  only(settings ?? {}, ['Status'], [...path.slice(0, -1), 'OverrideSettings']);
  if (!isObject(CertificateId) || CertificateId['Ref'] !== 'AWS::IoT::Certificate::Id')
    throw templateError([...path, 'CertificateId'], 'must be {"Ref": "AWS::IoT::Certificate::Id"}');
  const status = compileText(Status ?? 'ACTIVE', names, [...path, 'Status']);
  return {
    status(scope) {
      const found = status(scope).toUpperCase();
      if (found === 'ACTIVE' || found === 'INACTIVE') return found;
      throw parameterError(`the certificate's Status ${JSON.stringify(found)} is not ACTIVE or INACTIVE`);
    },
  };
}

export function policyOf(properties: unknown, names: Names, path: Path): (scope: Scope) => PlannedPolicy {
  const { PolicyName, PolicyDocument } = only(properties, ['PolicyName', 'PolicyDocument'], path);
  if ((PolicyName === undefined) === (PolicyDocument === undefined))
    throw templateError(path, 'either PolicyName or PolicyDocument is expected');
  if (PolicyName !== undefined) {
    const name = compileText(PolicyName, names, [...path, 'PolicyName']);
    return (scope) => ({ name: name(scope) });
  }
  const place = [...path, 'PolicyDocument'];
  const document = compileValue(PolicyDocument, names, place);
  return (scope) => {
    const found = document(scope);
    const text = typeof found === 'string' ? found : JSON.stringify(found);
    try {
      compilePolicy('of the provisioning template', text);
    } catch (error) {
      if (error instanceof PolicyError) throw parameterError(`${place.join('.')}: ${error.message}`);
      throw error;
    }
    return { document: text };
  };
}
