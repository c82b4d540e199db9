// Records on their way through a function and into partitions, and the handling of those that fail there.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { systemClock } from '../../clock.ts';
import { readPartitionQuery } from '../../firehose/partition-query.ts';
import type { ProcessingSpec } from '../../firehose/processing-spec.ts';
import { createProcessor, type InvokeFunction } from '../../firehose/processor.ts';

const arn = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/raw';
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:enrich';
const transform = { arn: functionArn, name: 'enrich', retries: 0, batchBytes: 10 };

const processing = (spec: ProcessingSpec, invoke: InvokeFunction) => {
  const process = createProcessor(
    { stream: { arn, processing: spec }, invoke, clock: systemClock },
    () => false,
  );
  return (...records: string[]) => process(records.map((record) => Buffer.from(record)));
};

interface Sent {
  readonly recordId: string;
  readonly data: string;
}

const answering =
  (answer: (text: string, record: Sent) => object | undefined): InvokeFunction =>
  async (_name, payload) => {
    const { records } = JSON.parse(payload) as { records: readonly Sent[] };
    const answers = records.map((record) => answer(Buffer.from(record.data, 'base64').toString(), record));
    return { payload: JSON.stringify({ records: answers.filter((each) => each !== undefined) }) };
  };

test('a function keeps, changes and drops records, each by its ID', async () => {
  const process = processing(
    { transform },
    answering((text, { recordId }) =>
      text === 'b'
        ? { recordId, result: 'Dropped' }
        : { recordId, result: 'Ok', data: Buffer.from(text.toUpperCase()).toString('base64') },
    ),
  );
  const { parts, failed, dropped } = await process('a', 'b', 'c');
  assert.deepEqual(
    parts.map(({ records }) => records.map(String)),
    [['A', 'C']],
  );
  assert.deepEqual([failed, dropped], [[], 1]);
});

test('a batch stays within its bytes, except for one larger record', async () => {
  const sizes: number[] = [];
  const invoke: InvokeFunction = (name, payload) => {
    sizes.push((JSON.parse(payload) as { records: unknown[] }).records.length);
    return answering((text, { recordId, data }) => ({ recordId, result: 'Ok', data, text }))(name, payload);
  };
  await processing({ transform }, invoke)('12345', '12345', '1', 'x'.repeat(20), '1');
  assert.deepEqual(sizes, [2, 1, 1, 1]);
});

const failures: readonly (readonly [what: string, invoke: InvokeFunction, code: string, message: RegExp])[] =
  [
    [
      'that the function does not answer for',
      answering(() => undefined),
      'Lambda.MissingRecordId',
      /no answer for the record/,
    ],
    [
      'that the function gives up',
      answering((_text, { recordId, data }) => ({ recordId, data, result: 'ProcessingFailed' })),
      'Lambda.ProcessingFailedStatus',
      /"ProcessingFailed"/,
    ],
    [
      'whose function throws',
      async () => ({ payload: '{"errorMessage":"boom"}', functionError: 'Unhandled' }),
      'Lambda.FunctionError',
      /boom/,
    ],
    [
      'whose function cannot be invoked',
      () => Promise.reject(new Error('throttled')),
      'Lambda.FunctionError',
      /throttled/,
    ],
    [
      'whose function answers something else',
      async () => ({ payload: '"ok"' }),
      'Lambda.MissingRecordId',
      /without a list of records/,
    ],
  ];
for (const [what, invoke, code, message] of failures) {
  test(`a record ${what} is kept as failed`, async () => {
    const { parts, failed } = await processing({ transform }, invoke)('a');
    assert.deepEqual(parts, []);
    assert.deepEqual(
      [String(failed[0]!.data), failed[0]!.code, failed[0]!.functionArn],
      ['a', code, functionArn],
    );
    assert.match(failed[0]!.message, message);
  });
}

test('records are parted by the members that the query names, and one without them fails alone', async () => {
  const query = readPartitionQuery('{site: .site, kind: .a."b-c"[0]}');
  assert.ok(typeof query === 'function');
  const process = processing({ query }, () => Promise.reject(new Error('not invoked')));
  const { parts, failed } = await process(
    '{"site":"x","a":{"b-c":[1]}}',
    '{"site":"y","a":{"b-c":[1]}}',
    '{"site":"x","a":{"b-c":[1]},"more":true}',
    '{"site":"x"}',
    'no JSON',
  );
  assert.deepEqual(
    parts.map(({ queryKeys, records }) => [queryKeys, records.length]),
    [
      [{ site: 'x', kind: '1' }, 2],
      [{ site: 'y', kind: '1' }, 1],
    ],
  );
  assert.deepEqual(
    failed.map(({ data }) => String(data)),
    ['{"site":"x"}', 'no JSON'],
  );
});

const queries: readonly (readonly [query: string, problem: RegExp])[] = [
  ['.site', /must be of the form \{key: \.member\}/],
  ['{site: .site | ascii_downcase}', /is more than a member/],
  ['{site: "x"}', /is more than a member/],
  ['{}', /is more than a member/],
];
for (const [query, problem] of queries) {
  test(`the query ${query} is refused`, () => {
    const read = readPartitionQuery(query);
    assert.ok(typeof read !== 'function');
    assert.match(read.problem, problem);
  });
}
