// Metric math and queries of Metrics Insights over a few minutes of metrics.

import { describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock } from '../../clock.ts';
import { compileQueries, type DataQuery } from '../../cloudwatch/metric-query.ts';
import { openMetricFile } from '../../cloudwatch/metric-file.ts';
import { createMetricStore } from '../../cloudwatch/metric-store.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';
import { MINUTE, NOON } from './fixture.ts';

/** In four minutes: a is 1, 2, -, 4 and b is 10, -, -, 40, each in one value a minute; `c` has several. */
function openStore() {
  const file = openMetricFile(temporaryFolder());
  const store = createMetricStore(file, { clock: createManualClock(NOON), log: createRecordingLog() });
  const put = (name: string, minute: number, value: number, dimensions = {}) =>
    store.add({ namespace: 'T', name, dimensions }, NOON + minute * MINUTE, {
      ...{ count: 1, sum: value, min: value, max: value },
    });
  for (const [minute, value] of [
    [0, 1],
    [1, 2],
    [3, 4],
  ] as const)
    put('a', minute, value);
  for (const [minute, value] of [
    [0, 10],
    [3, 40],
  ] as const)
    put('b', minute, value);
  for (const value of [1, 5, 3]) put('c', 0, value);
  put('Failure', 0, 2, { ActionType: 'Lambda', RuleName: 'R' });
  put('Failure', 0, 3, { ActionType: 'S3', RuleName: 'R' });
  put('Failure', 1, 7, { ActionType: 'S3', RuleName: 'Other' });
  put('Failure', 0, 100, { RuleName: 'R' });
  return store;
}

const metric = (Id: string, Stat = 'Sum', Period = 60): DataQuery => ({
  ...{ Id, ReturnData: false },
  MetricStat: { Metric: { Namespace: 'T', MetricName: Id }, Period, Stat },
});

function run(queries: readonly DataQuery[], minutes = 4) {
  const results = compileQueries(queries).run(openStore(), (period) => ({
    ...{ start: NOON, end: NOON + minutes * MINUTE, period },
  }));
  return results.map(({ label, series }) => ({
    label,
    points: [...series].map(([at, value]) => `${(at - NOON) / MINUTE}:${value}`).join(' '),
  }));
}

const evaluate = (Expression: string) =>
  run([metric('a'), metric('b'), { Id: 'e', Expression, Period: 60 }])
    .map(({ points }) => points)
    .join(' | ');

describe('an expression', () => {
  it.each([
    ['SUM([a, b])', '0:11 1:2 3:44'],
    ['MAX([a, b])', '0:10 1:2 3:40'],
    ['MIN([a, b])', '0:1 1:2 3:4'],
    ['AVG([a, b])', '0:5.5 1:2 3:22'],
    ['a + b', '0:11 3:44'],
    ['100 * a / 4', '0:25 1:50 3:100'],
    ['a - SUM(a)', '0:-6 1:-5 3:-3'],
    ['-a ^ 2', '0:-1 1:-4 3:-16'],
    ['2 + 3 * a', '0:5 1:8 3:14'],
    ['(2 + 3) * a', '0:5 1:10 3:20'],
    ['b / (a - 1)', '3:13.333333333333334'],
    ['FILL(a, 0)', '0:1 1:2 2:0 3:4'],
    ['FILL(a, REPEAT)', '0:1 1:2 2:2 3:4'],
    ['fill(a, linear)', '0:1 1:2 2:3 3:4'],
    ['FILL(b, a)', '0:10 1:2 3:40'],
    ['a > 1', '0:0 1:1 3:1'],
    ['a >= 2 AND a < 4', '0:0 1:1 3:0'],
    ['a == 1 || a == 4', '0:1 1:0 3:1'],
    ['IF(a > 1, a, 0)', '0:0 1:2 3:4'],
    ['IF(a > 1, b)', '3:40'],
    ['DIFF(a)', '1:1 3:2'],
    ['RATE(a) * 60', '1:1 3:1'],
    ['PERIOD(a) * a', '0:60 1:120 3:240'],
    ['CEIL(a / 2)', '0:1 1:1 3:2'],
    ['METRICS()', '0:1 1:2 3:4 | 0:10 3:40'],
    ['SUM(METRICS())', '0:11 1:2 3:44'],
    ['METRICS() * 2', '0:2 1:4 3:8 | 0:20 3:80'],
  ])('%s', (expression, expected) => assert.equal(evaluate(expression), expected));
});

describe('an expression is refused', () => {
  it.each([
    [
      'SUM(a)',
      'e gives a number, and a time series is needed: put the metrics in brackets, such as SUM([a, b])',
    ],
    ['a +', "The expression has 'the end' where a metric, a number or a function is expected"],
    ['a b', "The expression has 'b' where its end is expected"],
    ['a ? 1', "The expression cannot be read from '? 1' on"],
    ['q * 2', 'The expression names q, and no query has this id'],
    ['e * 2', 'The expression of e names itself'],
    ['IF(a)', 'IF takes a condition and one or two values'],
    [
      "SELECT SUM(x) FROM T WHERE k = 'v' LIMIT 5",
      "The local cloud does not support 'LIMIT' in a query of Metrics Insights",
    ],
    ['SELECT P99(x) FROM T', 'The query has P99, and SUM, AVG, MIN, MAX, COUNT are possible'],
  ])('%s', (expression, message) =>
    assert.throws(() => evaluate(expression), { name: 'ValidationError', message }),
  );

  test('for a function that is not there, with those that are', () =>
    assert.throws(
      () => evaluate('SEARCH(a)'),
      /The local cloud has no function SEARCH in metric math; it has ABS, AVG,/,
    ));
});

describe('a query of Metrics Insights', () => {
  it.each([
    [`SELECT SUM(Failure) FROM SCHEMA("T", ActionType, RuleName) WHERE RuleName = 'R'`, [['', '0:5']]],
    [`SELECT SUM(Failure) FROM "T"`, [['', '0:105 1:7']]],
    [`SELECT COUNT(Failure) FROM T WHERE RuleName != 'R'`, [['', '1:1']]],
    [
      `SELECT MAX(Failure) FROM SCHEMA(T, RuleName, ActionType) GROUP BY RuleName`,
      [
        ['Other', '1:7'],
        ['R', '0:3'],
      ],
    ],
    [`select avg(Failure) from SCHEMA("T", "RuleName")`, [['', '0:100']]],
    [`SELECT SUM(Nothing) FROM T`, [['', '']]],
    [`SELECT SUM(Failure) FROM T WHERE RuleName = 'it''s' AND ActionType = 'S3'`, [['', '']]],
  ])('%s', (Expression, expected) => {
    const found = run([{ Id: 'q', Expression, Period: 60 }]);
    assert.deepEqual(
      found.map(({ label, points }) => [label.replace(/^(Failure|Nothing)$/, ''), points]),
      expected,
    );
  });
});

test('a statistic is of all values of a period', () => {
  for (const [stat, expected] of Object.entries({
    Sum: 9,
    Average: 3,
    Minimum: 1,
    Maximum: 5,
    SampleCount: 3,
  }))
    assert.equal(run([{ ...metric('c', stat, 120), ReturnData: true }])[0]!.points, `0:${expected}`);
});

test('metrics of other periods are read in that of the expression', () => {
  const found = run([
    metric('a', 'Sum', 60),
    metric('b', 'Sum', 120),
    { Id: 'e', Expression: 'SUM([a, b])' },
  ]);
  assert.equal(found[0]!.points, '0:13 2:44');
});

test('a chain of expressions that each name the one before twice takes no time', () => {
  const chain = Array.from({ length: 30 }, (_, n): DataQuery => ({
    ...{ Id: `e${n + 1}`, ReturnData: n === 29 },
    Expression: `e${n} + e${n}`,
  }));
  const [result] = run([{ ...metric('a'), Id: 'e0' }, ...chain]);
  assert.equal(result?.points, `0:${2 ** 30} 1:${2 ** 31} 3:${2 ** 32}`);
});

test('FILL over more periods than an answer may have is refused before they are made', () => {
  const fill = [metric('a'), { Id: 'e', Expression: 'FILL(a, 0)', Period: 60 }];
  assert.throws(() => run(fill, 200_000), { message: /would make 200000 periods, and 100800 are possible/ });
});
