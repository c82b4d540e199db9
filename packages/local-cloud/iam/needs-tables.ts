// The permissions that calls of DynamoDB need: the table or index of each part, with the keys for conditions.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html

import { parseStatement, type Statement } from '../dynamodb/partiql/statement.ts';
import { comparedIn } from '../dynamodb/partiql/where.ts';
import { takeStructure } from '../dynamodb/requests/check-types.ts';
import { statementShapes } from '../dynamodb/requests/statement-shapes.ts';
import type { AttributeValue } from '../dynamodb/values/attribute-value.ts';
import { arnIn, type Need, type Place } from './need.ts';

type Values = Readonly<Record<string, unknown>>;

/** Name of the partition key of a table; undefined for an unknown table. */
export type PartitionKeys = (table: string, index: string | undefined) => string | undefined;

export interface TableRequest {
  readonly operation: string;
  readonly input: Values;
  readonly place: Place;
  readonly partitionKeys: PartitionKeys;
}

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: unknown): readonly Values[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** A table may be named by its ARN. */
const nameOf = (table: string) => (table.startsWith('arn:') ? table.split(':table/')[1]! : table);

/** A key value as conditions compare it: the text, the digits, or base64. */
function keyText(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  return text(Object.values(value)[0]);
}

/** The value that a query compares the partition key with. */
function queriedKey(input: Values, key: string): string | undefined {
  const legacy = isObject(input['KeyConditions']) ? input['KeyConditions'][key] : undefined;
  if (isObject(legacy)) return keyText(objects(legacy['AttributeValueList'])[0]);
  const names = isObject(input['ExpressionAttributeNames']) ? input['ExpressionAttributeNames'] : {};
  const values = isObject(input['ExpressionAttributeValues']) ? input['ExpressionAttributeValues'] : {};
  const expression = text(input['KeyConditionExpression']) ?? '';
  for (const [, name = '', value = ''] of expression.matchAll(/(#?[\w.-]+)\s*=\s*(:\w+)/g))
    if ((names[name] ?? name) === key) return keyText(values[value]);
  return undefined;
}

interface Part {
  readonly action: string;
  readonly table: string;
  readonly index?: string | undefined;
  /** The items or keys of a request that have the partition key. */
  readonly items: readonly unknown[];
  readonly input?: Values;
  readonly enclosing?: string;
}

function needOf(part: Part, { place, partitionKeys }: TableRequest): Need {
  const { table, index, input = {}, enclosing } = part;
  const key = partitionKeys(nameOf(table), index);
  const found =
    key === undefined ? [] : part.items.map((item) => (isObject(item) ? keyText(item[key]) : undefined));
  const queried = key !== undefined && part.action === 'Query' ? queriedKey(input, key) : undefined;
  const leading = [...found, queried].filter((each) => each !== undefined);
  const [select, returned] = [text(input['Select']), text(input['ReturnValues'])];
  return {
    action: `dynamodb:${part.action}`,
    resource: arnIn(
      place,
      'dynamodb',
      `table/${nameOf(table)}${index === undefined ? '' : `/index/${index}`}`,
    ),
    keys: {
      ...(leading.length > 0 && { 'dynamodb:leadingkeys': [...new Set(leading)] }),
      ...(select !== undefined && { 'dynamodb:select': select }),
      ...(returned !== undefined && { 'dynamodb:returnvalues': returned }),
      ...(enclosing !== undefined && { 'dynamodb:enclosingoperation': enclosing }),
    },
  };
}

const TRANSACTED: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

/** Each part of a transaction needs its own action. */
const transacted = ({ operation, input }: TableRequest): Part[] =>
  objects(input['TransactItems']).flatMap((item) =>
    Object.entries(item).flatMap(([kind, part]) =>
      isObject(part) && Object.hasOwn(TRANSACTED, kind)
        ? [
            {
              action: TRANSACTED[kind]!,
              table: text(part['TableName']) ?? '',
              items: [part['Key'] ?? part['Item']],
              enclosing: operation,
            },
          ]
        : [],
    ),
  );

const batched = (
  { operation, input }: TableRequest,
  itemsOf: (requests: unknown) => readonly unknown[],
): Part[] =>
  Object.entries(isObject(input['RequestItems']) ? input['RequestItems'] : {}).map(([table, requests]) => ({
    action: operation,
    table,
    items: itemsOf(requests),
  }));

const written = (request: Values) => {
  const [part] = Object.values(request).filter(isObject);
  return part?.['Key'] ?? part?.['Item'];
};

const PARTIQL: Readonly<Record<Statement['kind'], string>> = {
  select: 'PartiQLSelect',
  exists: 'PartiQLSelect',
  insert: 'PartiQLInsert',
  update: 'PartiQLUpdate',
  delete: 'PartiQLDelete',
};

/** As DynamoDB takes the request apart: what it refuses as a whole, or of a batch alone, needs nothing. */
function unlessRefused<Result>(take: () => Result): Result | undefined {
  try {
    return take();
  } catch {
    return undefined;
  }
}

/** Each PartiQL statement needs its own action. */
function executed({ operation, input }: TableRequest): Part[] {
  const shape = statementShapes[operation as keyof typeof statementShapes];
  const request = unlessRefused(() => takeStructure(input, shape)) ?? {};
  const given = objects(request['Statements'] ?? request['TransactStatements'] ?? [request]);
  return given.flatMap((one) => {
    const parameters = one['Parameters'] as readonly AttributeValue[] | undefined;
    const statement = unlessRefused(() => parseStatement(text(one['Statement']) ?? '', parameters));
    if (!statement) return [];
    const { kind, table, index } = statement;
    const items = kind === 'insert' ? [statement.item] : comparedIn(statement.where, statement.values);
    const enclosing = operation === 'ExecuteTransaction' ? { enclosing: operation } : {};
    return [{ action: PARTIQL[kind], table, index, items, ...enclosing }];
  });
}

const PARTS: Readonly<Record<string, (request: TableRequest) => Part[]>> = {
  BatchGetItem: (request) => batched(request, (keys) => (isObject(keys) ? objects(keys['Keys']) : [])),
  BatchWriteItem: (request) => batched(request, (requests) => objects(requests).map(written)),
  ExecuteStatement: executed,
  BatchExecuteStatement: executed,
  ExecuteTransaction: executed,
  TransactGetItems: transacted,
  TransactWriteItems: transacted,
};

/** Needs of operations on a stream or on tags, which have an ARN; calls with an iterator have none. */
function byArn({ operation, input }: TableRequest): Need[] {
  const resource = text(input['ResourceArn']) ?? text(input['StreamArn']);
  return resource === undefined ? [] : [{ action: `dynamodb:${operation}`, resource }];
}

const EVERYWHERE = new Set(['ListTables', 'DescribeLimits', 'DescribeEndpoints']);

/** @returns no needs for a request without a table, which DynamoDB itself refuses */
export function needsOfTables(request: TableRequest): Need[] {
  const { operation, input, place } = request;
  if (Object.hasOwn(PARTS, operation)) return PARTS[operation]!(request).map((part) => needOf(part, request));
  if (EVERYWHERE.has(operation)) return [{ action: `dynamodb:${operation}`, resource: '*' }];
  const table = text(input['TableName']);
  if (operation === 'ListStreams')
    return [
      {
        action: 'dynamodb:ListStreams',
        resource: arnIn(place, 'dynamodb', `table/${table ?? '*'}/stream/*`),
      },
    ];
  if (table === undefined) return byArn(request);
  const items = [input['Key'] ?? input['Item']];
  return [needOf({ action: operation, table, index: text(input['IndexName']), items, input }, request)];
}
