// The page's logic without a browser: spans, addresses, numbers, headlines.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { alertSpansOf } from '../../dashboard/model/alert-spans.ts';
import type { Alert, Device, HistoryEntry, Rule } from '../../dashboard/model/api-types.ts';
import { awsConfig, localConfig } from '../../dashboard/model/config.ts';
import { alertText, findingOf, statusOf, wordOf, type State } from '../../dashboard/model/fleet.ts';
import { durationText, nameText, numberText } from '../../dashboard/model/format.ts';
import { readingsOf, senderOf } from '../../dashboard/model/live-reading.ts';
import { piecesOf } from '../../dashboard/model/mail-links.ts';
import { rangeOf } from '../../dashboard/model/plot-range.ts';
import { linkOfOldQuery, linkTo, parseRoute } from '../../dashboard/model/route.ts';
import { limitsOf, mainMetricOf, ruleText } from '../../dashboard/model/rules.ts';
import { filterProblem, matchesFilter, prettyPayload, scoped } from '../../dashboard/model/topic.ts';
import { moved, viewOf, type Move } from '../../dashboard/model/view.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const NOW = 1_790_000_000_000;

const numbers: readonly (readonly [value: number, unit: string | undefined, text: string])[] = [
  [4.23, '°C', '4.2'],
  [-19.44, '°C', '\u221219.4'],
  [-0.04, '°C', '0.0'],
  [51.4, '%', '51'],
  [0.345, undefined, '0.34'],
  [51, undefined, '51.0'],
  [12_345.6, 'Pa', '12346'],
  [NaN, '°C', '\u2013'],
];
for (const [value, unit, text] of numbers) {
  test(`${value} ${unit ?? 'without a unit'} reads ${text}`, () => {
    assert.equal(numberText(value, unit), text);
  });
}

const durations: readonly (readonly [milliseconds: number, text: string])[] = [
  [-5, '0 s'],
  [89_000, '89 s'],
  [24 * MINUTE, '24 min'],
  [3 * HOUR, '3 h'],
  [4 * DAY, '4 d'],
];
for (const [milliseconds, text] of durations) {
  test(`${milliseconds} ms read ${text}`, () => {
    assert.equal(durationText(milliseconds), text);
  });
}

const names: readonly (readonly [id: string, name: string])[] = [
  ['demo-fridge-1', 'Demo fridge 1'],
  ['zigbee-gw:freezer', 'Freezer'],
  ['<b>', '<b>'],
  ['-', '-'],
];
for (const [id, name] of names) {
  test(`${id} is called ${name}`, () => {
    assert.equal(nameText(id), name);
  });
}

test('an address survives a name with any characters', () => {
  const link = linkTo('device', ['gw:a/b c?#%'], { range: '6h', from: undefined });
  assert.deepEqual(parseRoute(link), { view: 'device', path: ['gw:a/b c?#%'], query: { range: '6h' } });
  assert.deepEqual(parseRoute(''), { view: 'fleet', path: [], query: {} });
  assert.deepEqual(parseRoute('#/device/%E0%A4%A'), { view: 'device', path: ['%E0%A4%A'], query: {} });
});

test('links of mails from before the page lead to their device and to the alerts', () => {
  assert.equal(linkOfOldQuery('?device=gw%3Aa&from=5'), '#/device/gw%3Aa?from=5');
  assert.equal(linkOfOldQuery('?view=alerts&since=2026-09-21T14:13Z'), '#/alerts');
  assert.equal(linkOfOldQuery('?code=1&state=2'), undefined);
});

const views: readonly (readonly [
  query: Record<string, string>,
  from: number,
  to: number,
  isLive: boolean,
])[] = [
  [{}, NOW - HOUR, NOW, true],
  [{ range: '10m' }, NOW - 10 * MINUTE, NOW, true],
  [{ range: 'nonsense' }, NOW - HOUR, NOW, true],
  [{ from: String(NOW - 2 * HOUR), to: String(NOW - HOUR) }, NOW - 2 * HOUR, NOW - HOUR, false],
  [{ from: String(NOW - 2 * HOUR) }, NOW - 2 * HOUR, NOW, true],
  [{ from: String(NOW - 2 * HOUR), to: String(NOW + HOUR) }, NOW - 2 * HOUR, NOW, true],
  [{ from: String(NOW), to: String(NOW - HOUR) }, NOW - HOUR, NOW, true],
  [{ from: 'x', to: '<script>' }, NOW - HOUR, NOW, true],
  [{ range: '2y' }, NOW - 730 * DAY, NOW, true],
  [{ from: String(NOW - 400 * DAY), to: String(NOW - HOUR) }, NOW - 400 * DAY, NOW - HOUR, false],
  [{ from: String(NOW - 900 * DAY), to: String(NOW - HOUR) }, NOW - HOUR - 731 * DAY, NOW - HOUR, false],
];
for (const [query, from, to, isLive] of views) {
  test(`the address ${JSON.stringify(query)} shows a span that the API answers`, () => {
    assert.deepEqual(viewOf({ query }, NOW), { from, to, isLive });
  });
}

const past = { from: NOW - 2 * HOUR, to: NOW - HOUR, isLive: false };
const moves: readonly (readonly [Move, { from?: number; to?: number }])[] = [
  ['earlier', { from: past.from - HOUR / 4, to: past.to - HOUR / 4 }],
  ['later', { from: past.from + HOUR / 4, to: past.to + HOUR / 4 }],
  ['in', { from: past.from + HOUR / 4, to: past.to - HOUR / 4 }],
  ['out', { from: past.from - HOUR / 2, to: past.to + HOUR / 2 }],
  ['live', {}],
];
for (const [move, expected] of moves) {
  test(`the move ${move} changes the span`, () => {
    const { from, to } = moved(past, move, NOW);
    const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
    assert.deepEqual([from, to], [text(expected.from), text(expected.to)]);
  });
}

test('a plot shows data and near limits in whole steps, and does not narrow', () => {
  assert.deepEqual(rangeOf([3.9, 4.4, null], [-1, 8]), [-2, 9]);
  assert.deepEqual(rangeOf([3.9, 4.4], [-100, 100]), [3.8, 4.5]);
  assert.deepEqual(rangeOf([4, 4], [-1, 8], [-5, 20]), [-5, 20]);
  const [low, high] = rangeOf([], []);
  assert.ok(low < high);
});

test('live messages give the same values as ingest', () => {
  const at = NOW;
  assert.deepEqual(readingsOf('{"id":"a","timestamp":1790000000123,"temperature":4.25,"door":"ON"}', at), [
    { at: 1_790_000_000_123, values: { temperature: 4.25, door: 1 } },
  ]);
  assert.deepEqual(readingsOf('{"BME280":{"Humidity":"51.5"},"note":"<b>x</b>"}', at), [
    { at, values: { BME280_Humidity: 51.5 } },
  ]);
  assert.deepEqual(
    readingsOf(
      '{"readings":[{"timestamp":1790000000,"t":1},{"timestamp":"2026-11-20T12:00:00Z","t":2}]}',
      at,
    ),
    [
      { at: 1_790_000_000_000, values: { t: 1 } },
      { at: Date.parse('2026-11-20T12:00:00Z'), values: { t: 2 } },
    ],
  );
  for (const odd of ['', 'nonsense', '[]', 'null', '{"temperature":-127}', '{"readings":[1,null]}'])
    assert.deepEqual(readingsOf(odd, at), []);
});

test('a topic names its sender, behind a gateway too', () => {
  assert.deepEqual(senderOf('telemetry/seattle/gw/fridge'), { deviceId: 'gw:fridge', site: 'seattle' });
  assert.equal(senderOf('commands/fridge/door'), undefined);
  assert.equal(senderOf('telemetry/seattle'), undefined);
});

const fridge: Device = { deviceId: 'fridge-1', site: 'seattle' };
const high: Rule = { id: 'high', metric: 'temperature', anySpelling: true, above: 8, clearBelow: 7 };
const rules: readonly Rule[] = [
  high,
  { id: 'levels', metric: 'temperature', levels: [{ severity: 'critical', above: 10 }] },
  { id: 'low', metric: 'temperature', below: -1 },
  { id: 'elsewhere', metric: 'temperature', above: 3, match: { site: 'tacoma' } as Rule['match'] },
  { id: 'off', metric: 'temperature', above: 2, enabled: false },
  { id: 'rate', metric: 'temperature', above: 1, perMinute: true },
  { id: 'silent', noDataFor: '15m' },
];

test('a plot draws the limits of the rules that watch its device and metric, the innermost first', () => {
  const found = limitsOf(rules, fridge, 'temperature').map(({ ruleId, value }) => [ruleId, value]);
  assert.deepEqual(found, [
    ['low', -1],
    ['high', 8],
    ['levels', 10],
  ]);
  assert.deepEqual(
    limitsOf(rules, fridge, 'Freezer_temp').map(({ ruleId }) => ruleId),
    ['high'],
  );
  assert.equal(ruleText(high, '°C'), 'above 8 °C, clears below 7 °C');
  assert.equal(ruleText({ id: 'a', noDataFor: '2m' }), 'no data for 2m');
});

test('a tile shows the temperature if there is one', () => {
  assert.equal(mainMetricOf(['humidity', 'temperature']), 'temperature');
  assert.equal(mainMetricOf(['battery', 'BME280_Temperature']), 'BME280_Temperature');
  assert.equal(mainMetricOf(['b', 'a']), 'a');
  assert.equal(mainMetricOf([]), undefined);
});

const byId = new Map(rules.map((rule) => [rule.id, rule]));
const alert = (ruleId: string, state: Alert['state']): Alert => ({
  deviceId: 'd',
  ruleId,
  state,
  value: '9.4',
});
const standings: readonly (readonly [
  title: string,
  Alert[],
  silentFor: number | undefined,
  beyond: boolean,
  State,
])[] = [
  ['nothing is wrong', [], 1000, false, 'ok'],
  ['beyond a limit, no alert yet', [], 1000, true, 'pending'],
  ['an alarm', [alert('high', 'alarm')], 1000, true, 'alarm'],
  ['an acknowledged alarm', [alert('high', 'acknowledged')], 1000, true, 'ack'],
  ['one open and one acknowledged', [alert('low', 'acknowledged'), alert('high', 'alarm')], 0, true, 'alarm'],
  ['a silence alert', [alert('silent', 'alarm')], 1000, false, 'silent'],
  ['three minutes without a word', [], 180_000, false, 'silent'],
  ['never heard', [], undefined, false, 'ok'],
];
for (const [title, alerts, silentFor, beyond, state] of standings) {
  test(`${title}: ${state}`, () => {
    assert.equal(statusOf(alerts, byId, silentFor, beyond).state, state);
  });
}

test('the heading of the fleet says what is wrong', () => {
  const of = (...states: State[]) =>
    findingOf(
      states.map((state, index) => ({ device: { deviceId: `d-${index}`, site: 'a' }, state })),
      { alerts: true },
    );
  assert.equal(of('alarm', 'ok', 'silent').heading, 'One device is outside its limits, one is silent.');
  assert.equal(of('alarm', 'alarm').heading, 'Two devices are outside their limits.');
  assert.equal(of('ok', 'ok').heading, 'All is well.');
  assert.equal(of('ok', 'ok').lede, 'All two are within their limits.');
  assert.equal(of('ok', 'pending').lede, 'One of two is within its limits. D 1 has just left its limits.');
});

test('words name the side on which a limit was crossed', () => {
  const limits = limitsOf(rules, fridge, 'temperature');
  assert.equal(wordOf('alarm', 9.4, limits, 'temperature'), 'Too warm');
  assert.equal(wordOf('alarm', -3, limits, 'temperature'), 'Too cold');
  // Within its limits again, but not yet below the value at which the alarm clears.
  assert.equal(wordOf('alarm', 7.5, limits, 'temperature'), 'Alarm');
  assert.equal(wordOf('alarm', 3, [{ value: 2, side: 'above', ruleId: 'x' }], 'door'), 'Too high');
  assert.equal(alertText({ ...alert('high', 'alarm'), unit: '°C' }, high), 'Above 8 °C');
  assert.equal(alertText(alert('silent', 'alarm'), byId.get('silent')), 'No data');
});

test('a history becomes spans: active, past, and begun before the history', () => {
  const entry = (at: number, what: string, value = '9'): HistoryEntry => ({
    ...{ entryId: String(at), deviceId: 'd', ruleId: 'high', at, what, value, limit: '8' },
  });
  const newestFirst = [
    entry(70, 'raised', '8.5'),
    entry(50, 'cleared', '-20'),
    entry(40, 'acknowledged', ''),
    entry(30, 'worsened', '11'),
    entry(20, 'raised'),
    entry(10, 'cleared'),
  ];
  const spans = alertSpansOf(newestFirst).map(({ from, to, worst, entries }) => [
    from,
    to,
    worst,
    entries.length,
  ]);
  assert.deepEqual(spans, [
    [70, undefined, '8.5', 1],
    [20, 50, '11', 4],
  ]);
});

test('config.json is the same for AWS and the local cloud, and a missing output is named', () => {
  const outputs = {
    DashboardIdentityPool: 'us-east-1:1',
    ApiUrl: 'https://a.example',
    WindowSeconds: '60',
    WindowRetentionDays: '31',
  };
  const place = {
    ...{ aws: 'http://127.0.0.1:4566', mqtt: 'mqtts://[::1]:8883', mqttHosts: [], caPem: 'pem' },
    callbacks: [],
  };
  const local = localConfig({ ...place, region: 'us-east-1', outputs });
  const aws = awsConfig({
    ...{ region: 'us-east-1', outputs, iotEndpoint: 'x-ats.iot.us-east-1.amazonaws.com', caPem: 'pem' },
  });
  assert.deepEqual(
    Object.keys(local)
      .filter((name) => name !== 'isLocal')
      .sort(),
    Object.keys(aws).sort(),
  );
  assert.deepEqual(local.broker, { host: '::1', port: 8883, ca: 'pem', isHidden: true });
  assert.deepEqual(aws.broker, { host: 'x-ats.iot.us-east-1.amazonaws.com', port: 8883, ca: 'pem' });
  const open = localConfig({ ...place, region: 'us-east-1', outputs, mqttHosts: ['box.local', '10.0.0.2'] });
  assert.deepEqual(open.broker, { host: 'box.local', port: 8883, ca: 'pem' });
  assert.deepEqual(aws.storage, { windowSeconds: 60, windowDays: 31 });
  assert.equal(aws.mqtt, 'wss://x-ats.iot.us-east-1.amazonaws.com/mqtt');
  assert.throws(() => localConfig({ ...place, region: 'x', outputs: {} }), /no output DashboardIdentityPool/);
});

const origin = 'http://localhost:8080';
const letters: readonly (readonly [what: string, text: string, hashes: readonly string[]])[] = [
  ['a link to a view', `Look: ${origin}/#/device/a?from=1&to=2\nBye`, ['#/device/a?from=1&to=2']],
  ['two links', `${origin}/#/alerts ${origin}/#/rules`, ['#/alerts', '#/rules']],
  ['a link to another site', 'http://site.example/#/device/a', []],
  ['a link to another port', 'http://localhost:3000/#/device/a', []],
  ['a link to no view', `${origin}/logout`, []],
  ['a script', `javascript:alert(1) <a href="${origin}">x</a>`, []],
];
for (const [what, letter, hashes] of letters) {
  test(`${what} in a mail leads to ${hashes.join(' and ') || 'nothing'}, and no text is lost`, () => {
    const pieces = piecesOf(letter, origin);
    assert.deepEqual(
      pieces.flatMap(({ hash }) => hash ?? []),
      hashes,
    );
    assert.equal(pieces.map(({ text }) => text).join(''), letter);
  });
}

const filters: readonly (readonly [filter: string, topic: string, matches: boolean])[] = [
  ['telemetry/#', 'telemetry/seattle/a', true],
  ['telemetry/#', 'telemetry', true],
  ['telemetry/+/a', 'telemetry/seattle/a', true],
  ['telemetry/+', 'telemetry/seattle/a', false],
  ['#', '$aws/things/a', false],
  ['$aws/#', '$aws/things/a', true],
];
for (const [filter, topic, matches] of filters) {
  test(`${filter} ${matches ? 'matches' : 'does not match'} ${topic}`, () => {
    assert.equal(matchesFilter(filter, topic), matches);
  });
}

test('a filter that MQTT does not know is named', () => {
  assert.equal(filterProblem('telemetry/#'), undefined);
  for (const filter of ['', 'a b', 'a/#/b', 'a#', 'a/b+', 'a/b/c/d/e/f/g/h/i'])
    assert.ok(filterProblem(filter), filter);
});

test('a user restricted to some sites subscribes only to these', () => {
  assert.deepEqual(scoped('telemetry/#', ['a', 'b']), ['telemetry/a/#', 'telemetry/b/#']);
  assert.deepEqual(scoped('telemetry/#', undefined), ['telemetry/#']);
  assert.deepEqual(scoped('commands/x', ['a']), ['commands/x']);
});

test('a payload is shown according to its content', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.equal(prettyPayload(bytes('{"a":[1,2]}')), '{ "a": [ 1, 2 ] }');
  assert.equal(prettyPayload(bytes('plain')), 'plain');
  assert.equal(prettyPayload(Uint8Array.of(0xff, 0x00)), '2 bytes: ff 00');
});
