// The CloudWatch API in its three protocols: metrics from outside, their statistics, and refusals.

import { describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cbor } from '@smithy/core/cbor';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { callJson, MINUTE, NOON, openFixture, signed } from './fixture.ts';

async function open() {
  const fixture = await openFixture('Topic: { Type: AWS::SNS::Topic }\n');
  cleanup(() => fixture.close());
  const call = (operation: string, input: object) => callJson(fixture.url, operation, input);
  return { ...fixture, call };
}

const seconds = (minutes: number) => NOON / 1_000 + minutes * 60;
const hour = { StartTime: seconds(0), EndTime: seconds(60) };
const depth = { Namespace: 'Mine', MetricName: 'depth' };

test('stored values come back as statistics of their periods', async () => {
  const { call } = await open();
  const data = [
    { MetricName: 'depth', Value: 3, Timestamp: seconds(0), Unit: 'Count' },
    { MetricName: 'depth', Values: [1, 8], Counts: [2, 1], Timestamp: seconds(1) },
    {
      MetricName: 'depth',
      StatisticValues: { SampleCount: 2, Sum: 10, Minimum: 4, Maximum: 6 },
      Timestamp: seconds(6),
    },
  ];
  assert.deepEqual(await call('PutMetricData', { Namespace: 'Mine', MetricData: data }), {});
  const Statistics = ['SampleCount', 'Sum', 'Minimum', 'Maximum', 'Average'];
  const { Datapoints } = await call('GetMetricStatistics', { ...depth, ...hour, Period: 300, Statistics });
  assert.deepEqual(Datapoints, [
    {
      ...{ Timestamp: seconds(0), Unit: 'Count' },
      ...{ SampleCount: 4, Sum: 13, Minimum: 1, Maximum: 8, Average: 3.25 },
    },
    {
      ...{ Timestamp: seconds(5), Unit: 'Count' },
      ...{ SampleCount: 2, Sum: 10, Minimum: 4, Maximum: 6, Average: 5 },
    },
  ]);
});

test('metrics are listed by name and dimensions', async () => {
  const { call } = await open();
  const of = (q: string) => ({ MetricName: 'depth', Value: 1, Dimensions: [{ Name: 'q', Value: q }] });
  await call('PutMetricData', { Namespace: 'Mine', MetricData: [of('a'), of('b')] });
  const list = async (input: object) => {
    const { Metrics } = (await call('ListMetrics', input)) as {
      Metrics: { Dimensions: { Value: string }[] }[];
    };
    return Metrics.map(({ Dimensions }) => Dimensions[0]!.Value).join(' ');
  };
  assert.equal(await list({}), 'a b');
  assert.equal(await list({ Dimensions: [{ Name: 'q', Value: 'b' }] }), 'b');
  assert.equal(await list({ Dimensions: [{ Name: 'q' }], RecentlyActive: 'PT3H' }), 'a b');
  assert.equal(await list({ Namespace: 'Other' }), '');
});

test('data points of a query come newest first, or as asked', async () => {
  const { call, clock, metrics } = await open();
  const measure = metrics.meter('Mine', 'depth');
  measure(1);
  await clock.advance(MINUTE);
  measure(2);
  const stat = { Metric: depth, Period: 60, Stat: 'Sum' };
  const queries = [
    { Id: 'm', MetricStat: stat, ReturnData: false },
    { Id: 'e', Expression: 'm * 10', Label: 'ten times' },
  ];
  const valuesOf = async (more: object) => {
    const { MetricDataResults } = (await call('GetMetricData', {
      MetricDataQueries: queries,
      ...hour,
      ...more,
    })) as {
      MetricDataResults: { Id: string; Label: string; Values: number[] }[];
    };
    return MetricDataResults.map(({ Id, Label, Values }) => [Id, Label, ...Values]);
  };
  assert.deepEqual(await valuesOf({}), [['e', 'ten times', 20, 10]]);
  assert.deepEqual(await valuesOf({ ScanBy: 'TimestampAscending' }), [['e', 'ten times', 10, 20]]);
});

test('the query protocol of older SDKs', async () => {
  const { call, url } = await open();
  const query = async (form: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...signed, 'content-type': 'application/x-www-form-urlencoded' },
      body: `Version=2010-08-01&${form}`,
    });
    return response.text();
  };
  const member = 'MetricData.member.1';
  const time = new Date(NOON).toISOString();
  await query(
    `Action=PutMetricData&Namespace=Mine&${member}.MetricName=depth&${member}.Value=2.5&${member}.Timestamp=${time}` +
      `&${member}.Dimensions.member.1.Name=q&${member}.Dimensions.member.1.Value=a`,
  );
  const listed = await call('ListMetrics', {});
  assert.deepEqual(listed['Metrics'], [{ ...depth, Dimensions: [{ Name: 'q', Value: 'a' }] }]);
  const text = await query(
    `Action=GetMetricStatistics&Namespace=Mine&MetricName=depth&Dimensions.member.1.Name=q&Dimensions.member.1.Value=a` +
      `&StartTime=${time}&EndTime=${new Date(NOON + MINUTE).toISOString()}&Period=60&Statistics.member.1=Sum`,
  );
  assert.ok(
    text.includes(
      '<Datapoints><member><Timestamp>2026-11-29T12:00:00.000Z</Timestamp><Unit>None</Unit><Sum>2.5</Sum>',
    ),
    text,
  );
  assert.match(
    await query('Action=SetAlarmState&AlarmName=no&StateValue=OK&StateReason=x'),
    /<Code>ResourceNotFound</,
  );
});

test('a parameter of the query protocol cannot be named so that it gets into every object', async () => {
  const { url } = await open();
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...signed, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=ListMetrics&Version=2010-08-01&__proto__.planted=1',
  });
  const planted = 'planted' in {};
  Reflect.deleteProperty(Object.prototype, 'planted');
  assert.equal(planted, false);
  assert.match(await response.text(), /does not support the parameter __proto__ of ListMetrics/);
});

test('the CBOR protocol of newer SDKs, with times as they write them', async () => {
  const { url } = await open();
  const call = async (operation: string, input: object) => {
    const response = await fetch(`${url}/service/GraniteServiceVersion20100801/operation/${operation}`, {
      method: 'POST',
      headers: { ...signed, 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
      body: Buffer.from(cbor.serialize(input)),
    });
    return {
      response,
      output: cbor.deserialize(new Uint8Array(await response.arrayBuffer())) as Record<string, unknown>,
    };
  };
  await call('PutMetricData', { Namespace: 'Mine', MetricData: [{ MetricName: 'depth', Value: 2 }] });
  const asked = { ...depth, ...hour, Period: 60, Statistics: ['Sum'] };
  const { output } = await call('GetMetricStatistics', asked);
  const [point] = output['Datapoints'] as { Sum: number; Timestamp: { tag: number; value: number } }[];
  assert.deepEqual([point!.Sum, point!.Timestamp.tag, point!.Timestamp.value], [2, 1, seconds(0)]);
  const { response } = await call('GetMetricStatistics', { ...asked, Period: 7 });
  assert.deepEqual(
    [response.status, response.headers.get('x-amzn-query-error')],
    [400, 'ValidationError;Sender'],
  );
});

describe('is refused with the remedy', () => {
  const stat = { ...depth, ...hour, Period: 60 };
  it.each([
    [
      'GetMetricStatistics',
      { ...stat, ExtendedStatistics: ['p99'] },
      /it keeps Sum, Average, Minimum, Maximum, SampleCount/,
    ],
    ['GetMetricStatistics', { ...stat, Statistics: ['p50'] }, /p50 is not supported/],
    [
      'GetMetricStatistics',
      { ...stat, Statistics: ['Sum'], EndTime: seconds(3_000) },
      /exceeds the limit of 1,440/,
    ],
    [
      'GetMetricStatistics',
      { ...stat, Statistics: ['Sum'], EndTime: 'soon' },
      /EndTime must be a time such as/,
    ],
    ['PutMetricData', { Namespace: 'AWS/Mine', MetricData: [] }, /AWS\/ for parameter Namespace is invalid/],
    [
      'PutMetricData',
      { Namespace: 'Mine', MetricData: [{ MetricName: 'x' }] },
      /exactly one of Value, Values and/,
    ],
    [
      'PutMetricData',
      { Namespace: 'Mine', MetricData: [{ MetricName: 'x', Value: 'y' }] },
      /Value must be a number/,
    ],
    ['DescribeAlarms', { NextToken: 'x' }, /next token specified is invalid/],
    ['DescribeAlarms', { Wrong: 1 }, /does not support the parameter Wrong of DescribeAlarms/],
    ['PutMetricAlarm', {}, /declare an AWS::CloudWatch::Alarm in the template/],
    ['PutDashboard', {}, /has no operation 'PutDashboard'; it has DescribeAlarmHistory/],
  ])('%s', async (operation, input, message) => {
    const { call } = await open();
    assert.match(String((await call(operation, input))['message']), message);
  });
});

test('a full set of metrics leaves out new ones, with one warning', async () => {
  const { log, metrics } = await open();
  for (let index = 0; index < 10_002; index++) metrics.meter('Mine', 'm', { device: String(index) })(1);
  assert.equal(metrics.store.metrics().length, 10_000);
  assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
});
