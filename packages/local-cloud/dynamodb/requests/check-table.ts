// The keys, indexes and capacity that CreateTable refuses, in DynamoDB's words and order.

import { refuse } from '../error.ts';
import type { Description, IndexDescription, KeyElement, StreamView } from '../store/table.ts';

export interface Throughput {
  readonly ReadCapacityUnits: number;
  readonly WriteCapacityUnits: number;
}

export interface CreateRequest extends Record<string, unknown> {
  readonly TableName: string;
  readonly BillingMode?: string;
  readonly ProvisionedThroughput?: Throughput;
  readonly AttributeDefinitions: Description['AttributeDefinitions'];
  readonly KeySchema: Description['KeySchema'];
  readonly LocalSecondaryIndexes?: readonly IndexDescription[];
  readonly GlobalSecondaryIndexes?: readonly IndexDescription[];
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
  readonly TableClass?: string;
  readonly DeletionProtectionEnabled?: boolean;
  readonly StreamSpecification?: StreamSpecification;
  readonly SSESpecification?: Encryption;
}

/** The key that encrypts a table on AWS. The files on this disk are not encrypted. */
export interface Encryption {
  readonly Enabled?: boolean;
  readonly KMSMasterKeyId?: string;
}

export interface StreamSpecification {
  readonly StreamEnabled: boolean;
  readonly StreamViewType?: StreamView;
}

const INVALID = 'One or more parameter values were invalid: ';
const MAX_UNITS = 1_000_000_000_000;
const MAX_LOCAL = 5;
const MAX_GLOBAL = 20;

type Problem = string | undefined;
type Find = () => Problem;

function firstOf(...problems: readonly Find[]): Problem {
  for (const find of problems) {
    const problem = find();
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The problem of provisioned capacity. */
export function problemOfUnits(throughput: Throughput | undefined): Problem {
  for (const name of ['ReadCapacityUnits', 'WriteCapacityUnits'] as const) {
    const units = throughput?.[name] ?? 0;
    if (units > MAX_UNITS) return `Given value ${units} for ${name} is out of bounds`;
  }
  return undefined;
}

function problemOfCapacity({ BillingMode: mode, ProvisionedThroughput: throughput }: CreateRequest): Problem {
  if (mode !== 'PAY_PER_REQUEST')
    return throughput
      ? problemOfUnits(throughput)
      : `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`;
  if (!throughput) return undefined;
  const units = 'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is ';
  return `${INVALID}${units}${mode}`;
}

export function problemOfStream(stream: StreamSpecification | undefined): Problem {
  if (!stream) return undefined;
  const { StreamEnabled: isOn, StreamViewType: view } = stream;
  if (isOn && view === undefined)
    return `${INVALID}StreamViewType must be specified when StreamEnabled is true`;
  if (!isOn && view !== undefined)
    return `${INVALID}Table is being created or updated with StreamEnabled=false but StreamViewType is specified`;
  return undefined;
}

const namesOf = (schema: readonly KeyElement[]) => schema.map(({ AttributeName: name }) => name);

function problemOfDefinitions(schema: readonly KeyElement[], defined: readonly string[]): Problem {
  const keys = namesOf(schema);
  if (keys.every((key) => defined.includes(key))) return undefined;
  const lists = `Keys: [${keys.join(', ')}], AttributeDefinitions: [${defined.join(', ')}]`;
  return `${INVALID}Some index key attributes are not defined in AttributeDefinitions. ${lists}`;
}

function problemOfSchema([hash, range]: readonly KeyElement[]): Problem {
  if (hash!.AttributeName === range?.AttributeName)
    return 'Both the Hash Key and the Range Key element in the KeySchema have the same name';
  if (hash!.KeyType !== 'HASH') return 'Invalid KeySchema: The first KeySchemaElement is not a HASH key type';
  if (range && range.KeyType !== 'RANGE')
    return 'Invalid KeySchema: The second KeySchemaElement is not a RANGE key type';
  return undefined;
}

function problemOfProjection({ Projection }: IndexDescription): Problem {
  const { ProjectionType: type, NonKeyAttributes: others } = Projection as Partial<typeof Projection>;
  if (type === undefined) return `${INVALID}Unknown ProjectionType: null`;
  if (others && type !== 'INCLUDE')
    return `${INVALID}ProjectionType is ${type}, but NonKeyAttributes is specified`;
  if (!others && type === 'INCLUDE')
    return `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`;
  return undefined;
}

/** The problem of one index; `own` checks what is special to its kind. */
export function problemOfIndex(
  index: IndexDescription,
  defined: readonly string[],
  own: Find = () => undefined,
): Problem {
  return firstOf(
    () => problemOfDefinitions(index.KeySchema, defined),
    () => problemOfSchema(index.KeySchema),
    own,
    () => problemOfProjection(index),
  );
}

function problemOfLocal(index: IndexDescription, tableHash: string): Problem {
  const { IndexName: name, KeySchema: schema } = index;
  if (schema.length !== 2) return `${INVALID}Index KeySchema does not have a range key for index: ${name}`;
  const hash = schema[0]!.AttributeName;
  if (hash === tableHash) return undefined;
  const keys = `index hash key: ${hash}, table hash key: ${tableHash}`;
  const what = 'Index KeySchema does not have the same leading hash key as table KeySchema for index: ';
  return `${INVALID}${what}${name}. ${keys}`;
}

function problemOfNames(indexes: readonly IndexDescription[]): Problem {
  const names = indexes.map(({ IndexName: name }) => name);
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  return twice && `${INVALID}Duplicate index name: ${twice}`;
}

function problemOfLocals(request: CreateRequest, defined: readonly string[]): Problem {
  const { LocalSecondaryIndexes: indexes, KeySchema: schema } = request;
  if (!indexes) return undefined;
  if (indexes.length === 0) return `${INVALID}List of LocalSecondaryIndexes is empty`;
  if (schema.length !== 2)
    return `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`;
  const each = indexes.map(
    (index) => () => problemOfIndex(index, defined, () => problemOfLocal(index, schema[0]!.AttributeName)),
  );
  if (indexes.length <= MAX_LOCAL) return firstOf(...each);
  const most = `Number of LocalSecondaryIndexes exceeds per-table limit of ${MAX_LOCAL}`;
  return firstOf(...each, () => INVALID + most);
}

function problemOfGlobals(request: CreateRequest, defined: readonly string[]): Problem {
  const { GlobalSecondaryIndexes: indexes, BillingMode: mode } = request;
  if (!indexes) return undefined;
  if (indexes.length === 0) return `${INVALID}List of GlobalSecondaryIndexes is empty`;
  const each = indexes.map(
    (index) => () => problemOfIndex(index, defined, () => problemOfIndexCapacity(index, mode)),
  );
  const most = `GlobalSecondaryIndex count exceeds the per-table limit of ${MAX_GLOBAL}`;
  return firstOf(...each, () => (indexes.length > MAX_GLOBAL ? INVALID + most : undefined));
}

/** The problem of a global index's capacity, by the billing mode of its table. */
export function problemOfIndexCapacity(index: IndexDescription, mode: string | undefined): Problem {
  const isGiven = index['ProvisionedThroughput'] !== undefined;
  const { IndexName: name } = index;
  if (mode === 'PAY_PER_REQUEST' && isGiven)
    return `${INVALID}ProvisionedThroughput should not be specified for index: ${name} when BillingMode is ${mode}`;
  if (mode !== 'PAY_PER_REQUEST' && !isGiven)
    return `${INVALID}ProvisionedThroughput must be specified for index: ${name}`;
  return undefined;
}

function problemOfUnused(request: CreateRequest, defined: readonly string[]): Problem {
  const { LocalSecondaryIndexes: local = [], GlobalSecondaryIndexes: global = [] } = request;
  const used = new Set([request, ...local, ...global].flatMap(({ KeySchema }) => namesOf(KeySchema)));
  if (defined.every((name) => used.has(name))) return undefined;
  if (!request.LocalSecondaryIndexes && !request.GlobalSecondaryIndexes)
    return (
      `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes ` +
      'defined in AttributeDefinitions'
    );
  return (
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(', ')}], ` +
    `keys used: [${[...used].join(', ')}]`
  );
}

/** @throws ValidationException */
export function checkTableRequest(request: CreateRequest): void {
  const { KeySchema: schema, AttributeDefinitions } = request;
  const defined = AttributeDefinitions.map(({ AttributeName: name }) => name);
  const { LocalSecondaryIndexes: local = [], GlobalSecondaryIndexes: global = [] } = request;
  refuse(
    firstOf(
      () => problemOfCapacity(request),
      () =>
        schema.length > defined.length
          ? 'Invalid KeySchema: Some index key attribute have no definition'
          : undefined,
      () => problemOfDefinitions(schema, defined),
      () => problemOfSchema(schema),
      () => problemOfUnused(request, defined),
      () => problemOfLocals(request, defined),
      () => problemOfGlobals(request, defined),
      () => problemOfNames([...local, ...global]),
      () => problemOfStream(request.StreamSpecification),
    ),
  );
}
