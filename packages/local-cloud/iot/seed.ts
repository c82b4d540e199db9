// Creates and updates what the template declares, at each start: thing types, thing groups, policies and devices.

import { AwsError } from '../aws-error.ts';
import { StartError } from '../start-error.ts';
import { PolicyError } from '../policies/document.ts';
import type { LocalCa } from './ca.ts';
import { seedCertificate, seedPolicyAttachment, seedThing, seedThingAttachment } from './seed-devices.ts';
import { seedPolicy } from './policy-operations.ts';
import { setTemplate } from '../provisioning/operations.ts';
import { change, type Attributes, type Registry, type ThingGroup, type ThingType } from './registry.ts';
import { createThingGroup } from './thing-group-operations.ts';
import { createThingType } from './thing-type-operations.ts';

/** The part of a template's resource that is needed here; see template/. */
export interface SeedResource {
  readonly logicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly name: string;
  at(...path: (string | number)[]): string;
}

export interface SeedTemplate {
  ofType(type: string): readonly SeedResource[];
}

type Properties = Readonly<Record<string, unknown>>;

const asProperties = (value: unknown): Properties => (value ?? {}) as Properties;

async function seedType(registry: Registry, { name, properties }: SeedResource): Promise<void> {
  const given = asProperties(properties['ThingTypeProperties']);
  const description = given['ThingTypeDescription'] as string | undefined;
  const searchableAttributes = (given['SearchableAttributes'] ?? []) as string[];
  const before = registry.types.get(name);
  const wanted = { ...(description === undefined ? {} : { description }), searchableAttributes };
  const type = before ?? (await createThingType(registry, name, wanted));
  const { deprecatedAt, description: _old, ...rest } = type;
  const deprecated = properties['DeprecateThingType'] === true || properties['DeprecateThingType'] === 'true';
  const next: ThingType = {
    ...rest,
    ...wanted,
    ...(deprecated ? { deprecatedAt: deprecatedAt ?? registry.clock.now() } : {}),
  };
  await registry.commit([change('type', name, next)]);
}

async function seedGroup(registry: Registry, { name, properties }: SeedResource): Promise<void> {
  if (properties['QueryString'] !== undefined)
    throw new Error('QueryString: dynamic groups are not supported');
  const parent = properties['ParentGroupName'] as string | undefined;
  const given = asProperties(properties['ThingGroupProperties']);
  const description = given['ThingGroupDescription'] as string | undefined;
  const pairs = Object.entries(asProperties(asProperties(given['AttributePayload'])['Attributes']));
  const wanted = {
    ...(parent === undefined ? {} : { parent }),
    ...(description === undefined ? {} : { description }),
    attributes: pairs.map(([key, value]) => [key, String(value)] as const) as Attributes,
  };
  const before = registry.groups.get(name);
  if (!before) return void (await createThingGroup(registry, name, wanted));
  const { parent: _parent, description: _description, ...rest } = before;
  // Attributes that the API added stay: on AWS a deployment changes a group only where the template changed.
  const attributes = [...new Map([...before.attributes, ...wanted.attributes])];
  const next: ThingGroup = { ...rest, ...wanted, attributes };
  await registry.commit([change('group', name, next)]);
}

async function seedPolicyOf(registry: Registry, { name, properties }: SeedResource): Promise<void> {
  const document = properties['PolicyDocument'];
  await seedPolicy(registry, name, typeof document === 'string' ? document : JSON.stringify(document));
}

async function seedProvisioningTemplate(registry: Registry, { name, properties }: SeedResource) {
  const text = (key: string) => properties[key] as string | undefined;
  const description = text('Description');
  const { TargetArn: targetArn, PayloadVersion: payloadVersion = '2020-04-01' } = asProperties(
    properties['PreProvisioningHook'],
  ) as { TargetArn?: string; PayloadVersion?: string };
  await setTemplate(registry, {
    name,
    ...(description === undefined ? {} : { description }),
    body: text('TemplateBody')!,
    enabled: properties['Enabled'] === true || properties['Enabled'] === 'true',
    roleArn: text('ProvisioningRoleArn')!,
    ...(targetArn === undefined ? {} : { hook: { targetArn, payloadVersion } }),
  });
}

/** A group's parent may come after it in the template. */
function parentsFirst(groups: readonly SeedResource[]): SeedResource[] {
  const byName = new Map(groups.map((group) => [group.name, group]));
  const sorted = new Set<SeedResource>();
  const visit = (group: SeedResource, depth: number) => {
    const parent = byName.get(group.properties['ParentGroupName'] as string);
    if (parent && depth < groups.length) visit(parent, depth + 1);
    sorted.add(group);
  };
  for (const group of groups) visit(group, 0);
  return [...sorted];
}

function asStartError(error: unknown, resource: SeedResource): unknown {
  if (error instanceof PolicyError) {
    return new StartError(
      `${resource.at('PolicyDocument', ...error.path)}: ${resource.logicalId}: ${error.message}`,
    );
  }
  if (error instanceof AwsError && error.status < 500) {
    const place = error.message.startsWith('The template body') ? resource.at('TemplateBody') : resource.at();
    return new StartError(`${place}: ${resource.logicalId}: ${error.message}`);
  }
  return error;
}

/**
 * What the API has added or changed stays, but for a policy whose document in the template is another than at the last
 * start: it gets a new default version. What left the template stays too; delete it through the API.
 *
 * @throws StartError naming the template line of a resource that cannot be set.
 */
export async function seedRegistry(registry: Registry, template: SeedTemplate, ca: LocalCa): Promise<void> {
  const steps: readonly (readonly [readonly SeedResource[], typeof seedType])[] = [
    [template.ofType('AWS::IoT::ThingType'), seedType],
    [parentsFirst(template.ofType('AWS::IoT::ThingGroup')), seedGroup],
    [template.ofType('AWS::IoT::Policy'), seedPolicyOf],
    [template.ofType('AWS::IoT::Thing'), seedThing],
    [template.ofType('AWS::IoT::Certificate'), (of, resource) => seedCertificate(of, ca, resource)],
    [template.ofType('AWS::IoT::PolicyPrincipalAttachment'), seedPolicyAttachment],
    [template.ofType('AWS::IoT::ThingPrincipalAttachment'), seedThingAttachment],
    [template.ofType('AWS::IoT::ProvisioningTemplate'), seedProvisioningTemplate],
  ];
  for (const [resources, seed] of steps) {
    for (const resource of resources) {
      try {
        await seed(registry, resource);
      } catch (error) {
        throw asStartError(error, resource);
      }
    }
  }
}
