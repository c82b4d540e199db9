// Three thousand random calls, answered as dynalite 4.0.0 answered them, which was tested against AWS; differences have a reason.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { openEngine, type Engine } from '../../dynamodb/engine.ts';
import { IN_MEMORY } from '../../dynamodb/store/database.ts';
import { setUp } from './random-requests.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
interface Recorded extends Answer {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** `setUp`, and the first 3,000 calls of `randomCalls(20261201)`, which dynalite answered with the corrections we had. */
const recorded = gunzipSync(readFileSync(path.join(import.meta.dirname, 'recorded-calls.jsonl.gz')))
  .toString()
  .split('\n')
  // AWS accepts it by now, and stores it as true.
  .filter((line) => !line.includes('{"NULL":false}'))
  .map((line) => JSON.parse(line) as Recorded);

let engine: Engine;
beforeAll(() => {
  engine = openEngine({ file: IN_MEMORY, region: 'us-east-1', accountId: '000000000000' });
});
afterAll(() => engine.close());

const call = (operation: string, input: object) =>
  new Promise<Answer>((resolve) =>
    engine.answer(operation, JSON.stringify(input), ({ status, body }) =>
      resolve({ status, body: JSON.parse(body) as Record<string, unknown> }),
    ),
  );

/** Sets too: dynalite kept them as they were sent. */
const sortedMembers = (name: string, value: unknown): unknown =>
  /^[SNB]S$/.test(name) && Array.isArray(value) ? [...(value as string[])].sort() : membersOf(value);
const membersOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
const text = (value: unknown) => JSON.stringify(value, sortedMembers);
const inAnyOrder = (items: unknown) => (items as unknown[]).map(text).sort();

const isRead = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);

/** Sorts results that have no order: batches, and items with the same index keys. */
function comparable({ operation, input }: Recorded, { status, body }: Answer): unknown {
  const { Responses, Items, Message, ...rest } = body;
  // An update of which nothing is returned.
  if (isDeepStrictEqual(rest['Attributes'], {})) delete rest['Attributes'];
  // Dynalite did not count the indexes of a write; see capacity.test.ts.
  if (!isRead.has(operation)) delete rest['ConsumedCapacity'];
  const items = input['IndexName'] === undefined ? Items : Items && inAnyOrder(Items);
  const responses =
    operation === 'BatchGetItem' && Responses
      ? Object.entries(Responses).map(([table, found]) => [table, inAnyOrder(found)])
      : Responses;
  const message = (rest['message'] ?? Message) as string | undefined;
  // AWS names the token, dynalite what it had expected; and AWS has other words by now for what is wrong with values.
  const shown = message
    ?.replace(/Syntax error; .*/s, 'Syntax error')
    .replace(/^1 validation error detected: /, '')
    .replace(/^ExpressionAttributeValues contains invalid value: (.*) for key .*/s, '$1')
    .replace(/^(ExpressionAttributeValues can only be specified when using expressions): .*/, '$1')
    .replace(/^(?:One or more .* were invalid: )?Input collection .*contains duplicates\.?$/, 'duplicates')
    .replace(/numeric value: $/, 'numeric value')
    .replace(/(?<=\{[SNB]S:)[^}]*/g, (members) => members.split(',').sort().join());
  return JSON.parse(text({ status, ...rest, message: shown, items, responses }));
}

/** By the message of dynalite or of this engine. */
const DIFFERENCES: Readonly<Record<string, { readonly ours?: RegExp; readonly theirs?: RegExp }>> = {
  'AWS refuses a projection beside another Select': { ours: /Cannot specify the ProjectionExpression/ },
  'dynalite left out checks of filters, as it ran without them': {
    ours: /Filter Expression can only contain|: IndexKey:|is not supported for global secondary index/,
  },
  'AWS finds a type that a key cannot have with the key, or as an operand': {
    theirs: /ComparisonOperator \w+ is not valid for \w+ AttributeValue type/,
  },
  'dynalite compared sets as text': { theirs: /BETWEEN operator requires upper bound/ },
  'of two problems another one is reported': {
    ours: /begins_with, operand type|may not be empty|more than one datatypes|Two document paths conflict/,
    theirs:
      /BETWEEN operator requires|Invalid attribute type name|contains duplicates|Two document paths conflict/,
  },
};

function reasonOf(ours: Answer, theirs: Answer): string | undefined {
  const message = ({ body }: Answer) => (body['message'] as string | undefined) ?? '';
  return Object.entries(DIFFERENCES).find(
    ([, { ours: our = /(?:)/, theirs: their = /(?:)/ }]) =>
      our.test(message(ours)) && their.test(message(theirs)),
  )?.[0];
}

test('answers random calls as dynalite did, but for differences that AWS decides', async () => {
  for (const { operation, input } of setUp) assert.equal((await call(operation, input)).status, 200);
  let same = 0;
  const reasons = new Map<string, number>();
  for (const each of recorded) {
    const answer = await call(each.operation, each.input);
    if (isDeepStrictEqual(comparable(each, answer), comparable(each, each))) {
      same += 1;
      continue;
    }
    const reason = reasonOf(answer, each);
    assert.ok(reason, `${text(each)}\nours: ${text(answer)}`);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  assert.ok(same > recorded.length * 0.97, JSON.stringify([...reasons]));
});
