// The parts of dynalite that we run, typed, and corrected where it differs from DynamoDB in what programs rely on.
import { createRequire } from 'node:module';
import { rememberParses, type Parser } from './dynalite-expressions.ts';
import { fulfils, type AttributeValue, type Condition, type Item } from './condition.ts';
import { keepOneVersion, openLevel, type Level } from './level.ts';
import { dynaliteOperations } from './operations.ts';

/** An error that DynamoDB answers with: `body` is the JSON, `__type` included. */
export interface ServiceError extends Error {
  statusCode: number;
  body: Record<string, unknown>;
}

/** A checked request; dynalite adds the parsed expressions under names with an underscore. */
export interface Request extends Record<string, unknown> {
  TableName?: string;
  Select?: string;
  ReturnValuesOnConditionCheckFailure?: string;
  _condition?: { expression: Condition };
  _filter?: { expression: Condition };
  _projection?: { paths: unknown };
}

type Done<T> = (error: ServiceError | Error | null, value?: T) => void;

export interface Store {
  readonly db: Level;
  readonly tableDb: { awsAccountId: string; awsRegion: string };
  /** `true`, and the default, hides tables that are not active. */
  getTable: (name: string, checkStatus: boolean | Done<TableRecord>, done?: Done<TableRecord>) => void;
  forgetTables: () => void;
  /** Whether a write has failed: nothing is written from then on, and the tables have to be opened anew. */
  isTorn: () => boolean;
}

interface TableRecord {
  readonly TableStatus: string;
}

type Action = (store: Store, request: Request, done: Done<Record<string, unknown>>) => void;

interface Validation {
  types: Record<string, unknown>;
  custom: unknown;
}

interface Db {
  create(options: object): Store;
  checkConditional: (request: Request, existing: Item | undefined) => ServiceError | null | undefined;
  updateIndexes: (
    store: Store,
    table: unknown,
    old: Item | undefined,
    item: Item | null,
    done: Done<void>,
  ) => void;
  validationError(message: string): ServiceError;
  mapPaths(paths: unknown, item: Item): Item;
}

interface Validations {
  checkTypes(data: object, types: object): Request;
  checkValidations(data: Request, types: object, custom: unknown, store: Store): void;
}

const require = createRequire(import.meta.url);
const db = require('dynalite/db') as Db;
const validations = require('dynalite/validations') as Validations;

for (const kind of ['update', 'condition', 'projection']) {
  rememberParses(require(`dynalite/db/${kind}Parser`) as Parser);
}

const fileOf = (operation: string) => operation[0]!.toLowerCase() + operation.slice(1);
const actions = new Map<string, { run: Action; validation: Validation }>(
  dynaliteOperations.map((operation) => [
    operation,
    {
      run: require(`dynalite/actions/${fileOf(operation)}`) as Action,
      validation: require(`dynalite/validations/${fileOf(operation)}`) as Validation,
    },
  ]),
);

export const validationError = (message: string): ServiceError => db.validationError(message);

// dynalite drops this parameter silently; DynamoDB returns the item that made the condition fail.
for (const operation of ['PutItem', 'UpdateItem', 'DeleteItem']) {
  actions.get(operation)!.validation.types['ReturnValuesOnConditionCheckFailure'] = {
    type: 'String',
    enum: ['ALL_OLD', 'NONE'],
  };
}

// Taken by dynalite's Scan, but missing from what it checks.
actions.get('Scan')!.validation.types['ConsistentRead'] = { type: 'Boolean' };

const checkLegacyConditions = db.checkConditional;
db.checkConditional = (request, existing) => {
  const { _condition: condition } = request;
  if (!condition) return checkLegacyConditions(request, existing);
  if (fulfils(existing ?? {}, condition.expression)) return null;
  const wanted = existing && request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
  return conditionalCheckFailed(wanted ? existing : undefined);
};

function conditionalCheckFailed(item: Item | undefined): ServiceError {
  const message = 'The conditional request failed';
  const type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';
  return Object.assign(new Error(message), { statusCode: 400, body: { __type: type, message, Item: item } });
}

const maxDigits = 38;
const digitsOf = (number: string) => number.replace(/[-.]/g, '').replace(/^0+|0+$/g, '').length;

function isTooPrecise(value: AttributeValue): boolean {
  const { N: number } = value;
  return typeof number === 'string' && number.length > maxDigits && digitsOf(number) > maxDigits;
}

// Called before every write: the place for what dynalite checks in requests but not in the results of ADD, + and -.
const { updateIndexes } = db;
db.updateIndexes = (store, table, old, item, done) => {
  if (item && Object.values(item).some(isTooPrecise)) {
    done(validationError('Attempting to store more than 38 significant digits in a Number'));
  } else updateIndexes(store, table, old, item, done);
};

/** Keeps table descriptions in memory: dynalite reads them from disk for every request, which is a third of its time. */
function keepTables(store: Store): void {
  const read = store.getTable;
  const tables = new Map<string, TableRecord>();
  store.getTable = (name, checkStatus, done) => {
    if (typeof checkStatus !== 'function') {
      read(name, checkStatus, done);
      return;
    }
    const known = tables.get(name);
    if (known) {
      checkStatus(null, known);
      return;
    }
    read(name, (error, table) => {
      if (table?.TableStatus === 'ACTIVE') tables.set(name, table);
      checkStatus(error, table);
    });
  };
  store.forgetTables = () => tables.clear();
}

/** Items of live windows are in memory: fetching them from LevelDB's own threads and back takes ten times as long. */
function readInPlace(db: Level): void {
  db.get = (key, done) => {
    let value: unknown;
    try {
      value = db.getSync(key);
    } catch (error) {
      queueMicrotask(() => done(error as Error));
      return;
    }
    queueMicrotask(() => done(null, value));
  };
}

/** Opens the tables in `dir`, which is created if missing. */
export async function openStore(dir: string, region: string, accountId: string): Promise<Store> {
  const store = db.create({ path: dir, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  store.tableDb.awsRegion = region;
  store.tableDb.awsAccountId = accountId;
  keepTables(store);
  readInPlace(store.db);
  store.isTorn = keepOneVersion(store.db);
  await openLevel(store.db);
  return store;
}

const parametersOf = (operation: string): ReadonlySet<string> =>
  new Set(Object.keys(actions.get(operation)!.validation.types));

/** Names in `data` that dynalite would drop without a word. */
export function unknownParameters(operation: string, data: object): string[] {
  const known = parametersOf(operation);
  return Object.keys(data).filter((name) => !known.has(name));
}

/**
 * Reads unfiltered and applies the filter afterwards, with the evaluation that is right for binary values.
 * The page is the same: DynamoDB applies its limits before the filter.
 */
function withFilter(request: Request, filter: Condition): { request: Request; finish: (page: Page) => Page } {
  const { _filter, _projection, Select, ...rest } = request;
  return {
    request: rest,
    finish(page) {
      const kept = (page.Items ?? []).filter((item) => fulfils(item, filter));
      const items = _projection ? kept.map((item) => db.mapPaths(_projection.paths, item)) : kept;
      const { Items: _all, ...answer } = { ...page, Count: kept.length };
      return Select === 'COUNT' ? answer : { ...answer, Items: items };
    },
  };
}

interface Page extends Record<string, unknown> {
  Items?: Item[];
}

/**
 * Runs one operation of `dynaliteOperations`.
 *
 * @throws ServiceError for what DynamoDB answers with an error; anything else is a fault.
 */
export async function runOperation(
  store: Store,
  operation: string,
  data: object,
): Promise<Record<string, unknown>> {
  const { run, validation } = actions.get(operation)!;
  const checked = validations.checkTypes(data, validation.types);
  validations.checkValidations(checked, validation.types, validation.custom, store);
  const changesTables = /^(Create|Delete|Update)Table$/.test(operation);
  if (changesTables) store.forgetTables();
  const filter = checked._filter && withFilter(checked, checked._filter.expression);
  const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
    run(store, filter?.request ?? checked, (error, value) => (error ? reject(error) : resolve(value ?? {})));
  });
  if (changesTables) store.forgetTables();
  return filter ? filter.finish(answer) : answer;
}
