// Builds requests of every operation on items from random keys, values and expressions.

import {
  createExpressions,
  createRandom,
  createValues,
  keyOf,
  TABLES,
  type Call,
  type Placeholders,
  type TableName,
} from './random-calls.ts';

const table = (
  name: TableName,
  definitions: readonly (readonly [string, string])[],
  indexes: object = {},
): Call => ({
  operation: 'CreateTable',
  input: {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: definitions.map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    KeySchema: TABLES[name].keys.map(([key], index) => ({
      AttributeName: key,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    ...indexes,
  },
});

const schema = (hash: string, range?: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' }]),
];

/** Creates the tables that the calls use. */
export const setUp: readonly Call[] = [
  table(
    'things',
    [
      ['pk', 'S'],
      ['sk', 'N'],
      ['n', 'N'],
      ['t', 'S'],
    ],
    {
      GlobalSecondaryIndexes: [
        { IndexName: 'byNumber', KeySchema: schema('n', 'sk'), Projection: { ProjectionType: 'ALL' } },
        {
          IndexName: 'byText',
          KeySchema: schema('t'),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'b'] },
        },
      ],
      LocalSecondaryIndexes: [
        { IndexName: 'local', KeySchema: schema('pk', 'n'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    },
  ),
  table('plain', [['id', 'S']]),
  table('bytes', [
    ['id', 'B'],
    ['name', 'S'],
  ]),
];

type Input = Record<string, unknown>;

/** Endless calls, after those of `setUp`. */
export function* randomCalls(seed: number): Generator<Call> {
  const random = createRandom(seed);
  const { value, wrong, scalar } = createValues(random);
  const { condition, update, projection } = createExpressions(random);
  const tableName = () => random.pick(['things', 'things', 'plain', 'bytes'] as const);
  const maybe = (share: number, input: () => Input): Input => (random.chance(share) ? input() : {});
  const attributes = ['n', 't', 'a', 'b', 'c', 'list', 'map', 'set'];

  function attributeValue(name: string): Input {
    if (random.chance(0.02)) return wrong();
    if (name === 'n' && random.chance(0.9)) return { N: String(random.below(3)) };
    if (name === 't' && random.chance(0.9)) return { S: random.pick(['x', 'y', 'z']) };
    return value();
  }

  function item(table: TableName): Input {
    const own = attributes.filter(() => random.chance(0.4)).map((name) => [name, attributeValue(name)]);
    const key = keyOf(random, table);
    if (random.chance(0.03)) delete key[random.pick(Object.keys(key))];
    if (random.chance(0.03)) key[random.pick(Object.keys(key))] = scalar();
    return { ...key, ...Object.fromEntries(own) };
  }

  function key(table: TableName): Input {
    const key = keyOf(random, table);
    if (random.chance(0.02)) key['more'] = { S: 'x' };
    if (random.chance(0.02)) key[random.pick(Object.keys(key))] = random.chance(0.5) ? scalar() : wrong();
    return key;
  }

  /** Adds expressions, and the placeholders that they use. */
  function withExpressions(parts: Readonly<Record<string, (holders: Placeholders) => string>>): Input {
    const holders: Placeholders = { names: {}, values: {} };
    const expressions = Object.entries(parts).map(([name, make]) => [name, make(holders)]);
    if (expressions.length === 0) return {};
    if (random.chance(0.02)) holders.names['#unused'] = 'unused';
    if (random.chance(0.02)) delete holders.values[':v0'];
    return {
      ...Object.fromEntries(expressions),
      ...(Object.keys(holders.names).length > 0 && { ExpressionAttributeNames: holders.names }),
      ...(Object.keys(holders.values).length > 0 && { ExpressionAttributeValues: holders.values }),
    };
  }

  const capacity = () => maybe(0.1, () => ({ ReturnConsumedCapacity: random.pick(['TOTAL', 'INDEXES']) }));
  const conditional = () =>
    random.chance(0.4)
      ? {
          ...withExpressions({ ConditionExpression: condition }),
          ...maybe(0.3, () => ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })),
        }
      : maybe(0.1, () => ({ Expected: legacyExpected() }));
  const legacyExpected = () => ({
    [random.pick(attributes)]: random.pick<Input>([
      { Exists: false },
      { Value: scalar() },
      { ComparisonOperator: 'NOT_NULL' },
      { ComparisonOperator: random.pick(['EQ', 'NE', 'LT', 'GE']), AttributeValueList: [scalar()] },
    ]),
  });
  const returned = (...choices: readonly string[]) =>
    maybe(0.6, () => ({ ReturnValues: random.pick(choices) }));

  function sortCondition({ names, values }: Placeholders, name: string, make: () => Input): string {
    names['#sort'] = name;
    const add = () => {
      const placeholder = `:s${Object.keys(values).length}`;
      values[placeholder] = make();
      return placeholder;
    };
    if (random.chance(0.3)) return `#sort BETWEEN ${add()} AND ${add()}`;
    if (random.chance(0.15)) return `begins_with(#sort, ${add()})`;
    return `#sort ${random.pick(['=', '<', '<=', '>', '>='])} ${add()}`;
  }

  function queried(table: TableName, index: string | undefined) {
    const { keys, indexes } = TABLES[table];
    if (index === undefined) return { hash: keys[0][0] as string, range: keys[1]?.[0] as string | undefined };
    const [hash, range] = (indexes as Record<string, readonly (string | undefined)[]>)[index]!;
    return { hash: hash!, range };
  }

  function keyAttribute(table: TableName, name: string): Input {
    if (name === 'n' || name === 't') return attributeValue(name);
    return keyOf(random, table)[name] as Input;
  }

  function query(table: TableName): Input {
    const names = Object.keys(TABLES[table].indexes);
    const index = names.length > 0 && random.chance(0.5) ? random.pick(names) : undefined;
    const { hash, range } = queried(table, index);
    const KeyConditionExpression = (holders: Placeholders) => {
      holders.names['#hash'] = hash;
      holders.values[':hash'] = keyAttribute(table, hash);
      const first = random.chance(0.1) ? ':hash = #hash' : '#hash = :hash';
      if (range === undefined || random.chance(0.4)) return first;
      return `${first} AND ${sortCondition(holders, range, () => keyAttribute(table, range))}`;
    };
    return {
      TableName: table,
      ...(index !== undefined && { IndexName: index }),
      ...withExpressions({
        KeyConditionExpression,
        ...(random.chance(0.3) && { FilterExpression: condition }),
        ...(random.chance(0.2) && { ProjectionExpression: projection }),
      }),
      ...maybe(0.3, () => ({ ScanIndexForward: random.chance(0.5) })),
      // Items with the same index keys come in any order, so pages of an index have no single right answer.
      ...maybe(index === undefined ? 0.4 : 0, () => ({ Limit: 1 + random.below(4) })),
      ...maybe(0.2, () => ({ ConsistentRead: random.chance(0.5) })),
      ...maybe(0.1, () => ({ Select: random.pick(['COUNT', 'ALL_ATTRIBUTES']) })),
      ...maybe(index === undefined ? 0.3 : 0.05, () => ({ ExclusiveStartKey: startKey(table, index) })),
      ...capacity(),
    };
  }

  function startKey(table: TableName, index: string | undefined): Input {
    const { hash, range } = queried(table, index);
    const own = [hash, range].filter((name) => name === 'n' || name === 't');
    return { ...key(table), ...Object.fromEntries(own.map((name) => [name, attributeValue(name)])) };
  }

  function scan(table: TableName): Input {
    const names = Object.keys(TABLES[table].indexes);
    const index = names.length > 0 && random.chance(0.3) ? random.pick(names) : undefined;
    const total = random.pick([2, 4, 8]);
    return {
      TableName: table,
      ...(index !== undefined && { IndexName: index }),
      ...withExpressions({
        ...(random.chance(0.4) && { FilterExpression: condition }),
        ...(random.chance(0.3) && { ProjectionExpression: projection }),
      }),
      ...maybe(index === undefined ? 0.3 : 0, () => ({ Limit: 1 + random.below(5) })),
      ...maybe(index === undefined ? 0.2 : 0, () => ({ ExclusiveStartKey: startKey(table, index) })),
      ...maybe(table === 'plain' ? 0.5 : 0, () => ({ TotalSegments: total, Segment: random.below(total) })),
      ...capacity(),
    };
  }

  const operations: Readonly<Record<string, (table: TableName) => Input>> = {
    PutItem: (table) => ({
      TableName: table,
      Item: item(table),
      ...conditional(),
      ...returned('ALL_OLD', 'NONE', 'ALL_OLD', 'ALL_NEW'),
      ...capacity(),
    }),
    UpdateItem: (table) => ({
      TableName: table,
      Key: key(table),
      ...withExpressions({
        UpdateExpression: update,
        ...(random.chance(0.3) && { ConditionExpression: condition }),
      }),
      ...returned('ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW', 'NONE'),
      ...maybe(0.2, () => ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })),
      ...capacity(),
    }),
    DeleteItem: (table) => ({
      TableName: table,
      Key: key(table),
      ...conditional(),
      ...returned('ALL_OLD', 'NONE'),
      ...capacity(),
    }),
    GetItem: (table) => ({
      TableName: table,
      Key: key(table),
      ...withExpressions(random.chance(0.4) ? { ProjectionExpression: projection } : {}),
      ...maybe(0.3, () => ({ ConsistentRead: random.chance(0.5) })),
      ...capacity(),
    }),
    Query: query,
    Scan: scan,
    BatchWriteItem: (table) => ({
      RequestItems: {
        [table]: Array.from({ length: 1 + random.below(3) }, () =>
          random.chance(0.7) ? { PutRequest: { Item: item(table) } } : { DeleteRequest: { Key: key(table) } },
        ),
      },
      ...capacity(),
    }),
    BatchGetItem: (table) => ({
      RequestItems: { [table]: { Keys: Array.from({ length: 1 + random.below(3) }, () => key(table)) } },
      ...capacity(),
    }),
  };
  const usual = ['PutItem', 'PutItem', 'UpdateItem', 'UpdateItem', 'UpdateItem', 'Query', 'Query', 'Query'];
  const names = [...usual, 'DeleteItem', 'GetItem', 'Scan', 'BatchWriteItem', 'BatchGetItem'];
  for (;;) {
    const operation = random.pick(names);
    yield { operation, input: operations[operation]!(tableName()) };
  }
}
