// A fleet provisioning template, checked when it is created, not when a device requests to be provisioned.
// https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html

import { invalid } from '../iot/api-request.ts';
import { certificateFacts } from '../iot/certificate-facts.ts';
import {
  certificateOf,
  policyOf,
  thingOf,
  type Part,
  type PlannedPolicy,
  type Provisioned,
} from './resources.ts';
import {
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

export interface ProvisioningBody {
  /**
   * @param parameters as the device sent them, with what the hook changed; those that the template does not name are
   *   left aside.
   * @throws AwsError InvalidParameters naming what is missing or does not fit.
   */
  provision(
    parameters: ReadonlyMap<string, string>,
    certificate: { readonly id: string; readonly pem: string },
  ): Provisioned;
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateProvisioningTemplate.html */
const MAXIMUM_BODY = 10_240;

/** Pseudo parameters, with the policy variable that has the same value. */
const PSEUDO_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['AWS::IoT::Certificate::Id', 'iot:CertificateId'],
  ['AWS::IoT::Certificate::CommonName', 'iot:Certificate.Subject.CommonName'],
  ['AWS::IoT::Certificate::Country', 'iot:Certificate.Subject.Country'],
  ['AWS::IoT::Certificate::DistinguishedNameQualifier', 'iot:Certificate.Subject.DistinguishedNameQualifier'],
  ['AWS::IoT::Certificate::Organization', 'iot:Certificate.Subject.Organization'],
  ['AWS::IoT::Certificate::OrganizationalUnit', 'iot:Certificate.Subject.OrganizationalUnit'],
  ['AWS::IoT::Certificate::SerialNumber', 'iot:Certificate.Subject.SerialNumber'],
  ['AWS::IoT::Certificate::StateName', 'iot:Certificate.Subject.State'],
]);

function parametersOf(value: unknown): Map<string, string | undefined> {
  if (!isObject(value ?? {})) throw templateError(['Parameters'], 'an object is expected');
  return new Map(
    Object.entries((value ?? {}) as Json).map(([name, declared]) => {
      const path = ['Parameters', name];
      const { Type, Default } = only(declared, ['Type', 'Default'], path);
      if (Type !== 'String') throw templateError([...path, 'Type'], 'must be String');
      if (Default !== undefined && typeof Default !== 'string')
        throw templateError([...path, 'Default'], 'must be a text');
      return [name, Default];
    }),
  );
}

function mappingsOf(value: unknown): Names['mappings'] {
  const level = <T>(given: unknown, path: Path, each: (inner: unknown, path: Path) => T): Map<string, T> => {
    if (!isObject(given)) throw templateError(path, 'an object is expected');
    return new Map(Object.entries(given).map(([key, inner]) => [key, each(inner, [...path, key])]));
  };
  return level(value ?? {}, ['Mappings'], (map, path) =>
    level(map, path, (top, inner) => level(top, inner, (found) => found)),
  );
}

type Planned = (scope: Scope) => Provisioned;
/** Types of which a template may have one: a second one would silently replace the first. */
const SINGLE = new Map([
  ['AWS::IoT::Thing', { part: 'thing', read: thingOf }],
  ['AWS::IoT::Certificate', { part: 'status', read: certificateOf }],
] as const);

function planOf(resources: unknown, names: Names, configuration: Expression): Planned {
  const path = ['Resources'];
  if (!isObject(resources)) throw templateError(path, 'an object of resources is expected');
  const policies: ((scope: Scope) => PlannedPolicy)[] = [];
  let found: Part = {};
  for (const [id, resource] of Object.entries(resources)) {
    const at = [...path, id];
    const known = ['Type', 'Properties', 'OverrideSettings'];
    const { Type, Properties = {}, OverrideSettings } = only(resource, known, at);
    const place = [...at, 'Properties'];
    const kind = SINGLE.get(Type as 'AWS::IoT::Thing');
    if (Type === 'AWS::IoT::Policy') policies.push(policyOf(Properties, names, place));
    else if (!kind)
      throw templateError([...at, 'Type'], `${JSON.stringify(Type)} is not a type of resource here`);
    else if (found[kind.part]) throw templateError(at, `there is a second ${String(Type)}`);
    else found = { ...found, ...kind.read(Properties, OverrideSettings, names, place) };
  }
  const { thing, status } = found;
  if (!status) throw invalid('The template body is invalid: Template must have certificate resource.');
  return (scope) => {
    const planned = thing?.(scope);
    const deviceConfiguration = configuration(scope);
    if (!isObject(deviceConfiguration)) throw parameterError('DeviceConfiguration is not an object');
    return {
      ...(planned ? { thing: planned } : {}),
      status: status(scope),
      policies: policies.map((policy) => policy(scope)),
      deviceConfiguration,
    };
  };
}

function parse(body: string): Json {
  if (body.length > MAXIMUM_BODY) throw templateError([], `longer than ${MAXIMUM_BODY} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    throw templateError([], `no JSON: ${(error as Error).message}`);
  }
  return only(parsed, ['Parameters', 'Mappings', 'Resources', 'DeviceConfiguration'], []);
}

/** @throws AwsError InvalidRequestException naming the place that is wrong or not supported. */
export function compileBody(body: string): ProvisioningBody {
  const { Parameters, Mappings, Resources, DeviceConfiguration = {} } = parse(body);
  const declared = parametersOf(Parameters);
  const names = {
    parameters: new Set([...declared.keys(), ...PSEUDO_PARAMETERS.keys()]),
    mappings: mappingsOf(Mappings),
  };
  if (!isObject(DeviceConfiguration)) throw templateError(['DeviceConfiguration'], 'an object is expected');
  const configuration = compileValue(DeviceConfiguration, names, ['DeviceConfiguration']);
  const plan = planOf(Resources, names, configuration);
  return {
    provision(parameters, { id, pem }) {
      const facts = certificateFacts(id, pem);
      const pseudo = (name: string) => {
        const value = facts.get(PSEUDO_PARAMETERS.get(name) ?? '');
        return typeof value === 'string' ? value : undefined;
      };
      const ref = (name: string): string => {
        const value = PSEUDO_PARAMETERS.has(name)
          ? pseudo(name)
          : (parameters.get(name) ?? declared.get(name));
        if (value === undefined) throw parameterError(`parameter ${name} is missing`);
        return value;
      };
      for (const name of declared.keys()) if (!PSEUDO_PARAMETERS.has(name)) ref(name);
      return plan({ ref });
    },
  };
}
