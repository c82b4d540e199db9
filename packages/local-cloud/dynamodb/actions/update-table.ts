// UpdateTable: capacity, billing, class and protection of a table, and its global indexes, which are changed at once.

import { DynamoError, notFound, refuse, validationError } from '../error.ts';
import {
  problemOfIndex,
  problemOfIndexCapacity,
  problemOfStream,
  problemOfUnits,
  type Encryption,
  type StreamSpecification,
  type Throughput,
} from '../requests/check-table.ts';
import type { Description, IndexDescription } from '../store/table.ts';
import { arnOf, encryptionOf, globalIndexOf, streamOf } from './create-table.ts';
import type { Answer, Context } from './context.ts';
import { namedTable } from './table-operations.ts';

interface IndexUpdate {
  readonly Update?: { readonly IndexName: string; readonly ProvisionedThroughput: Throughput };
  readonly Create?: IndexDescription;
  readonly Delete?: { readonly IndexName: string };
}

interface Request {
  readonly TableName: string;
  readonly AttributeDefinitions?: Description['AttributeDefinitions'];
  readonly BillingMode?: string;
  readonly ProvisionedThroughput?: Throughput;
  readonly TableClass?: string;
  readonly DeletionProtectionEnabled?: boolean;
  readonly StreamSpecification?: StreamSpecification;
  readonly SSESpecification?: Encryption;
  readonly OnDemandThroughput?: object;
  readonly GlobalSecondaryIndexUpdates?: readonly IndexUpdate[];
}

const INVALID = 'One or more parameter values were invalid: ';
const SETTINGS = [
  ...(['ProvisionedThroughput', 'BillingMode', 'TableClass', 'DeletionProtectionEnabled'] as const),
  ...(['StreamSpecification', 'SSESpecification', 'OnDemandThroughput'] as const),
] as const;

const nameOf = ({ Update, Create, Delete }: IndexUpdate) => (Update ?? Create ?? Delete)?.IndexName;

function checkRequest(request: Request): void {
  const { GlobalSecondaryIndexUpdates: updates = [], BillingMode: mode, ProvisionedThroughput } = request;
  if (updates.length === 0 && SETTINGS.every((name) => request[name] === undefined))
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or ' +
        'SSESpecification or ReplicaUpdates is required',
    );
  if (mode === 'PROVISIONED' && !ProvisionedThroughput)
    throw validationError(
      `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`,
    );
  refuse(problemOfUnits(ProvisionedThroughput));
  const names = updates.map(nameOf);
  if (names.includes(undefined))
    throw validationError(
      `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, ` +
        'GlobalSecondaryIndexUpdate.Delete must not be null',
    );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw validationError(
      `${INVALID}Only one global secondary index update per index is allowed simultaneously. Index: ${twice}`,
    );
  if (updates.filter(({ Create, Delete }) => Create ?? Delete).length > 1)
    throw new DynamoError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    );
}

const modeOf = ({ BillingModeSummary: summary }: Description): string =>
  (summary as { BillingMode?: string } | undefined)?.BillingMode ?? 'PROVISIONED';

/** The capacity after the change. @throws ValidationException if it would not change */
function changedThroughput(old: unknown, wanted: Throughput, now: number): object {
  const before = old as Throughput & { NumberOfDecreasesToday?: number };
  const more = (name: keyof Throughput) => wanted[name] - before[name];
  const [read, write] = [more('ReadCapacityUnits'), more('WriteCapacityUnits')];
  if (read === 0 && write === 0)
    throw validationError(
      'The provisioned throughput for the table will not change. The requested value equals the current value. ' +
        `Current ReadCapacityUnits provisioned for the table: ${before.ReadCapacityUnits}. ` +
        `Requested ReadCapacityUnits: ${wanted.ReadCapacityUnits}. ` +
        `Current WriteCapacityUnits provisioned for the table: ${before.WriteCapacityUnits}. ` +
        `Requested WriteCapacityUnits: ${wanted.WriteCapacityUnits}. ` +
        'Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.',
    );
  const isDecrease = read < 0 || write < 0;
  const decreases = (before.NumberOfDecreasesToday ?? 0) + (isDecrease ? 1 : 0);
  return {
    ...before,
    ...wanted,
    NumberOfDecreasesToday: decreases,
    ...((read > 0 || write > 0) && { LastIncreaseDateTime: now }),
    ...(isDecrease && { LastDecreaseDateTime: now }),
  };
}

function changeBilling(description: Description, mode: string, now: number): void {
  if (mode === modeOf(description)) return;
  const since = mode === 'PAY_PER_REQUEST' && { LastUpdateToPayPerRequestDateTime: now };
  description['BillingModeSummary'] = { BillingMode: mode, ...since };
  description['TableThroughputModeSummary'] = { TableThroughputMode: mode, ...since };
  if (mode !== 'PAY_PER_REQUEST') return;
  const none = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
  description['ProvisionedThroughput'] = { ...(description['ProvisionedThroughput'] as object), ...none };
  description.GlobalSecondaryIndexes = description.GlobalSecondaryIndexes?.map((index) => ({
    ...index,
    ProvisionedThroughput: { ...(index['ProvisionedThroughput'] as object), ...none },
  })) as IndexDescription[];
}

/** @throws ValidationException if the table becomes provisioned and an index gets no capacity */
function checkBilling(request: Request, description: Description): void {
  const { BillingMode: mode = modeOf(description), ProvisionedThroughput: throughput } = request;
  if (mode === 'PAY_PER_REQUEST' && throughput)
    throw validationError(
      `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is ${mode}`,
    );
  if (mode !== 'PROVISIONED' || modeOf(description) === 'PROVISIONED') return;
  const updated = (request.GlobalSecondaryIndexUpdates ?? []).map(nameOf);
  const names = (description.GlobalSecondaryIndexes ?? []).map(({ IndexName: name }) => name);
  const missing = names.filter((name) => !updated.includes(name));
  if (missing.length > 0)
    throw validationError(
      `${INVALID}ProvisionedThroughput must be specified for index: ${missing.join(',')}`,
    );
}

const unknownIndex = (name: string) => notFound(`Requested resource not found: Index: ${name} not found`);

/** @param defined the attributes whose types the request defines: a new index needs them again */
function updateIndex(
  context: Context,
  description: Description,
  update: IndexUpdate,
  defined: readonly string[],
): void {
  const indexes = description.GlobalSecondaryIndexes ?? [];
  const name = nameOf(update)!;
  const existing = indexes.find(({ IndexName }) => IndexName === name);
  const others = indexes.filter((index) => index !== existing);
  if (update.Create) {
    const local = description.LocalSecondaryIndexes ?? [];
    if (existing ?? local.find(({ IndexName }) => IndexName === name))
      throw validationError('Attempting to create an index which already exists');
    const index = update.Create;
    refuse(problemOfIndex(index, defined, () => problemOfIndexCapacity(index, modeOf(description))));
    const arn = arnOf(context, description.TableName);
    description.GlobalSecondaryIndexes = [...indexes, globalIndexOf(arn, index)];
    return;
  }
  if (!existing) throw unknownIndex(name);
  if (update.Delete) {
    if (others.length > 0) description.GlobalSecondaryIndexes = others;
    else delete description.GlobalSecondaryIndexes;
    return;
  }
  const wanted = update.Update!.ProvisionedThroughput;
  refuse(problemOfUnits(wanted));
  const changed = changedThroughput(existing['ProvisionedThroughput'], wanted, context.now() / 1_000);
  description.GlobalSecondaryIndexes = indexes.map((index) =>
    index === existing ? { ...index, ProvisionedThroughput: changed } : index,
  );
}

/** Deletes the attribute definitions that no key uses any more. */
function dropDefinitions(description: Description): void {
  const { GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] } = description;
  const schemas = [description.KeySchema, ...[...global, ...local].map(({ KeySchema }) => KeySchema)];
  const used = new Set(schemas.flat().map(({ AttributeName: name }) => name));
  description.AttributeDefinitions = description.AttributeDefinitions.filter(({ AttributeName: name }) =>
    used.has(name),
  );
}

/** @throws ValidationException if the stream is already on or off as wanted */
function changeStream(context: Context, description: Description, stream: StreamSpecification): void {
  refuse(problemOfStream(stream));
  const isOn = description.StreamSpecification !== undefined;
  const { TableName: name } = description;
  if (stream.StreamEnabled && isOn)
    throw validationError(`Table already has an enabled stream: TableName: ${name}`);
  if (!stream.StreamEnabled && !isOn)
    throw validationError(`Table has no stream to disable: TableName: ${name}`);
  if (stream.StreamEnabled) {
    Object.assign(description, streamOf(arnOf(context, name), stream));
    return;
  }
  // The records are deleted with the stream. On AWS they can be read for another day.
  context.tables.streams.delete(name);
  delete description.StreamSpecification;
  delete description['LatestStreamLabel'];
  delete description['LatestStreamArn'];
}

/** Changes settings that have no effect on items, apart from the stream. */
function changeSettings(context: Context, description: Description, request: Request): void {
  const now = context.now() / 1_000;
  const { ProvisionedThroughput: wanted, BillingMode: mode, TableClass, SSESpecification } = request;
  if (wanted)
    description['ProvisionedThroughput'] = changedThroughput(
      description['ProvisionedThroughput'],
      wanted,
      now,
    );
  if (mode !== undefined) changeBilling(description, mode, now);
  if (TableClass !== undefined) description['TableClassSummary'] = { TableClass, LastUpdateDateTime: now };
  if (SSESpecification) Object.assign(description, encryptionOf(context, SSESpecification));
  for (const name of ['DeletionProtectionEnabled', 'OnDemandThroughput'] as const)
    if (request[name] !== undefined) description[name] = request[name];
  if (request.StreamSpecification) changeStream(context, description, request.StreamSpecification);
}

export function updateTable(context: Context, request: Request): Answer {
  checkRequest(request);
  const table = namedTable(context, request.TableName);
  const description: Description = { ...table.description };
  checkBilling(request, description);
  changeSettings(context, description, request);
  const known = description.AttributeDefinitions;
  const { AttributeDefinitions: given = [], GlobalSecondaryIndexUpdates: updates = [] } = request;
  description.AttributeDefinitions = [
    ...known,
    ...given.filter(({ AttributeName }) => known.every((each) => each.AttributeName !== AttributeName)),
  ];
  const defined = given.map(({ AttributeName }) => AttributeName);
  for (const update of updates) updateIndex(context, description, update, defined);
  dropDefinitions(description);
  context.tables.update(table, description);
  return { TableDescription: { ...description, TableStatus: 'UPDATING' } };
}
