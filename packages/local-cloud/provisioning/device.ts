// Makes the changes of the registry that provision one device by a template: all of them or none.

import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '../aws-error.ts';
import { attributes, invalid, text } from '../iot/api-request.ts';
import { newPolicy } from '../iot/policy-operations.ts';
import type { OverridableProperty, Override, PlannedPolicy, PlannedThing, Provisioned } from './resources.ts';
import type { Change } from '../files/record-file.ts';
import {
  change,
  find,
  type Attributes,
  type Certificate,
  type Registry,
  type Thing,
} from '../iot/registry.ts';
import { groupOf } from '../iot/thing-group-operations.ts';
import { withGroup } from '../iot/thing-membership-operations.ts';
import { checkThing } from '../iot/thing-operations.ts';

/** The new value of a property of an existing thing. @throws AwsError ResourceConflicts where the template says FAIL. */
function settle<T>(
  property: OverridableProperty,
  override: Override,
  before: T,
  wanted: T | undefined,
  merge: (before: T, wanted: T) => T,
): T {
  if (wanted === undefined) return before;
  const actions: Readonly<Record<NonNullable<Override>, () => T>> = {
    DO_NOTHING: () => before,
    REPLACE: () => wanted,
    MERGE: () => merge(before, wanted),
    FAIL: () => {
      throw new AwsError('ResourceConflicts', `the thing exists already, and ${property} says FAIL`, 409);
    },
  };
  if (override) return actions[override]();
  if (isDeepStrictEqual(before, wanted)) return before;
  throw new AwsError(
    'ResourceConflicts',
    `the thing exists already with another ${property}: OverrideSettings may say what to do`,
    409,
  );
}

const sorted = (pairs: Attributes) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));

interface Wanted {
  readonly typeName: string | undefined;
  readonly attributes: Attributes | undefined;
  readonly groups: readonly string[] | undefined;
}

function existing(thing: Thing, wanted: Wanted, { overrides }: PlannedThing): Wanted {
  return {
    typeName: settle('ThingTypeName', overrides.ThingTypeName, thing.typeName, wanted.typeName, (_, w) => w),
    attributes: settle(
      'AttributePayload',
      overrides.AttributePayload,
      sorted(thing.attributes),
      wanted.attributes,
      (before, added) => sorted([...new Map([...before, ...added])]),
    ),
    groups: settle('ThingGroups', overrides.ThingGroups, thing.groups, wanted.groups, (before, added) => [
      ...new Set([...before, ...added]),
    ]),
  };
}

function thingOf(registry: Registry, planned: PlannedThing, principal: string): Thing {
  const name = text({ thingName: planned.name }, 'thingName')!;
  const given = planned.attributes && attributes({ attributes: planned.attributes });
  const wanted: Wanted = {
    typeName: text({ thingTypeName: planned.typeName }, 'thingTypeName'),
    attributes: given && sorted(given.filter(([, value]) => value !== '')),
    groups: planned.groups?.map((group) => groupOf(registry, group).name),
  };
  const found = registry.things.get(name);
  const { typeName, attributes: pairs = [], groups = [] } = found ? existing(found, wanted, planned) : wanted;
  checkThing(registry, typeName, pairs, typeName !== found?.typeName);
  const { typeName: _type, ...before } = found ?? {
    name,
    id: randomUUID(),
    version: 0,
    principals: [],
  };
  const thing: Thing = {
    ...before,
    ...(typeName === undefined ? {} : { typeName }),
    attributes: pairs,
    groups: [],
    version: before.version + 1,
    principals: [...before.principals, [principal, 'NON_EXCLUSIVE_THING']],
  };
  return groups.reduce((joined, group) => withGroup(registry, joined, group), thing);
}

/** The policy's name, and the change that creates it where the template has its document and it does not exist yet. */
function policyOf(registry: Registry, planned: PlannedPolicy): { name: string; made: Change[] } {
  if ('name' in planned) return { name: find(registry.policies, 'Policy', planned.name).name, made: [] };
  const name = createHash('sha256').update(planned.document).digest('hex');
  if (registry.policies.has(name)) return { name, made: [] };
  return {
    name,
    made: [change('policy', name, newPolicy(name, planned.document, registry.clock.now()))],
  };
}

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAXIMUM_POLICIES = 10;

/**
 * The changes for one commit, and the name of the thing if the template has one.
 *
 * @throws AwsError naming what does not exist, is not allowed or is in conflict.
 */
export function changesFor(
  registry: Registry,
  { thing: planned, status, policies }: Provisioned,
  certificate: Certificate,
): { changes: Change[]; thingName: string | undefined } {
  const arn = registry.arn(`cert/${certificate.id}`);
  const thing = planned && thingOf(registry, planned, arn);
  const found = policies.map((policy) => policyOf(registry, policy));
  const names = [...new Set(found.map(({ name }) => name))];
  if (names.length > MAXIMUM_POLICIES) throw invalid(`more than ${MAXIMUM_POLICIES} policies`);
  const now = registry.clock.now();
  const next: Certificate = { ...certificate, status, modifiedAt: now, version: certificate.version + 1 };
  return {
    thingName: thing?.name,
    changes: [
      change('certificate', certificate.id, next),
      ...found.flatMap(({ made }) => made),
      ...(names.length > 0 ? [change('target', arn, { policies: names })] : []),
      ...(thing
        ? [
            change('thing', thing.name, thing),
            change('principal', arn, { things: [[thing.name, 'NON_EXCLUSIVE_THING']] }),
          ]
        : []),
    ],
  };
}
