// The table of the template as a CreateTable request, and the check that the table on the disk still fits it.

import { StartError } from '../start-error.ts';

/** A resource of the template, as `local/template` resolves it. */
export interface TableResource {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** `template.yaml:123` of a property, for messages. */
  readonly at: (...path: (string | number)[]) => string;
}

const created = [
  'AttributeDefinitions',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'KeySchema',
  'LocalSecondaryIndexes',
  'ProvisionedThroughput',
  'StreamSpecification',
];

const known = new Set([
  ...created,
  'TableName',
  'TimeToLiveSpecification',
  // These have no effect that a client on one machine could see.
  'ContributorInsightsSpecification',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'PointInTimeRecoverySpecification',
  'ResourcePolicy',
  'SSESpecification',
  'TableClass',
  'Tags',
  'WarmThroughput',
]);

interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: string;
}

interface Index {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection?: unknown;
}

/** The input of CreateTable and the output of DescribeTable. */
export interface Table {
  readonly TableName: string;
  readonly TableStatus?: string;
  readonly KeySchema: readonly KeyElement[];
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: string;
  }[];
  readonly GlobalSecondaryIndexes?: readonly Index[];
  readonly LocalSecondaryIndexes?: readonly Index[];
  readonly StreamSpecification?: { readonly StreamEnabled: boolean; readonly StreamViewType: string };
}

/** The calls of UpdateTable, in their order, that give a table on the disk the stream of the template. */
export function streamChanges(wanted: Table, existing: Table): object[] {
  const [want, have] = [wanted, existing].map(({ StreamSpecification: stream }) => stream?.StreamViewType);
  if (want === have) return [];
  const off = have === undefined ? [] : [{ StreamSpecification: { StreamEnabled: false } }];
  const on = want === undefined ? [] : [{ StreamSpecification: wanted.StreamSpecification }];
  return [...off, ...on];
}

/** @throws StartError for a property that the local DynamoDB would have to ignore. */
export function tableOf({ name, properties, at }: TableResource): Table {
  for (const property of Object.keys(properties)) {
    if (known.has(property)) continue;
    throw new StartError(
      `${at(property)}: the local DynamoDB does not support ${property} of table ${name}: remove it`,
    );
  }
  const request = created.filter((property) => properties[property] !== undefined);
  const fields = Object.fromEntries(
    request.map((property) => [property, withoutLocalEffect(properties[property])]),
  );
  const stream = fields['StreamSpecification'] as { StreamViewType: string } | undefined;
  return {
    ...fields,
    ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream.StreamViewType } }),
    TableName: name,
  } as unknown as Table;
}

const perIndex = ['ContributorInsightsSpecification', 'OnDemandThroughput', 'WarmThroughput'];

function withoutLocalEffect(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((element: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(element).filter(([name]) => !perIndex.includes(name))),
  );
}

/** `deviceId (S), windowStart (N)` */
function describeKeys(table: Table, keys: readonly KeyElement[]): string {
  const typeOf = (name: string) =>
    table.AttributeDefinitions.find((definition) => definition.AttributeName === name)?.AttributeType ?? '?';
  const inOrder = [...keys].sort((a, b) => (a.KeyType < b.KeyType ? -1 : 1)); // HASH before RANGE
  return inOrder.map(({ AttributeName: name }) => `${name} (${typeOf(name)})`).join(', ');
}

function describe(table: Table): string {
  const indexes = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])]
    .map((index) => `index ${index.IndexName}: ${describeKeys(table, index.KeySchema)}`)
    .sort();
  return [`key ${describeKeys(table, table.KeySchema)}`, ...indexes].join('; ');
}

/** @throws StartError that names both, if the table on the disk has other keys or indexes than the template's. */
export function requireSameKeys(resource: TableResource, wanted: Table, existing: Table): void {
  const [ours, theirs] = [describe(wanted), describe(existing)];
  if (ours === theirs) return;
  const place = resource.at('KeySchema');
  const remedy = 'start with another --data-dir, or delete this one';
  throw new StartError(
    `${place}: table ${wanted.TableName} has ${ours}, but the one on disk has ${theirs}: ${remedy}`,
  );
}
