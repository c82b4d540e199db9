// The plots of a device from its windows: their order, lines, alarms and ends.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { stepFor } from '../../dashboard/model/ladder.ts';
import type { Outlook } from '../../dashboard/model/outlook.ts';
import type { Range } from '../../dashboard/model/plot-range.ts';
import type { StoredWindow } from '../../dashboard/model/windows.ts';
import { drawnOf, type Drawn, type Sources } from '../../dashboard/model/drawn.ts';

const NOW = 1_790_000_000_000;
const SIZE = 10_000;
const SPAN = 600_000;
const step = stepFor({ from: NOW - SPAN, to: NOW }, NOW, { windowSeconds: 10, windowDays: 90 });

const windowAt = (start: number, temperature: number): StoredWindow => {
  const own = (value: number) => ({ min: value, max: value, sum: value, count: 1, last: value });
  return {
    ...{ start, readings: 1, lastReadingAt: start },
    metrics: { humidity: own(50), temperature: own(temperature) },
  };
};
const windows = [windowAt(NOW - 2 * SIZE, 4), windowAt(NOW - SIZE, 5)];
const outlook: Outlook = {
  ...{ ruleId: 'soon-warm', kind: 'predicted', metric: 'temperature' },
  learned: { mode: 'learned', low: 3, high: 5 },
  forecast: [{ at: NOW + 60_000, value: 30, low: 29, high: 31 }],
};
const rules = [
  { id: 'warm', metric: 'temperature', above: 8 },
  { id: 'soon-warm', predicted: { metric: 'temperature', above: 9 } },
];

function draw(other: Partial<Sources> = {}, ranges = new Map<string, Range>()) {
  const sources: Sources = {
    ...{ windows, others: [], over: undefined, units: { temperature: '°C', humidity: '%' } },
    ...{ device: { deviceId: 'fridge' }, rules, spans: [], outlooks: [] },
    ...{ view: { from: NOW - SPAN, to: NOW, isLive: true }, step },
    ...other,
  };
  return drawnOf(sources, ranges);
}

test('the temperature comes first, with its limits, and the others follow by name', () => {
  const [first, second] = draw();
  assert.deepEqual([first!.metric, second!.metric], ['temperature', 'humidity']);
  assert.deepEqual(
    first!.data.limits.map(({ ruleId }) => ruleId),
    ['warm', 'soon-warm'],
  );
  assert.deepEqual(
    [first!.data.columns.mean, second!.data.columns.mean],
    [
      [4, 5],
      [50, 50],
    ],
  );
});

test('alarms are drawn over the main metric, and not beyond now', () => {
  const alarm = { from: NOW - SIZE, to: Number.MAX_SAFE_INTEGER, label: 'alarm' };
  const [first, second] = draw({ spans: [alarm] });
  assert.deepEqual(first!.data.spans, [{ ...alarm, to: NOW }]);
  assert.deepEqual(second!.data.spans, []);
});

test('the lines of other devices and of another metric are drawn over the main one', () => {
  const others = [
    ['Fridge 2', windows],
    ['Fridge without windows in the span', [windowAt(NOW - 2 * SPAN, 4)]],
  ] as const;
  const [first, second] = draw({ others, over: 'humidity' });
  const labels = (drawn: Drawn | undefined) =>
    drawn!.data.lines.map(({ label, range }) => [label, range !== undefined]);
  assert.deepEqual(labels(first), [
    ['Fridge 2', false],
    ['Humidity', true],
  ]);
  assert.deepEqual(labels(second), [['Fridge 2', false]]);
});

const ends = [
  { title: 'a past span ends where it ends', view: { isLive: false }, outlooks: [outlook], room: 0 },
  { title: 'a live span leaves room for its newest bucket', view: {}, outlooks: [], room: 0.012 * SPAN },
  { title: 'a live span leaves room for a forecast', view: {}, outlooks: [outlook], room: 0.3 * SPAN },
];
for (const { title, view, outlooks, room } of ends)
  test(title, () => {
    const [{ data } = assert.fail('nothing is drawn')] = draw({
      view: { from: NOW - SPAN, to: NOW, isLive: true, ...view },
      outlooks,
    });
    assert.equal(data.to, NOW + room);
    assert.equal((data.forecast ?? []).length, room === 0.3 * SPAN ? 1 : 0);
  });

test('a learned band is drawn up to the limit of its rule, and the forecast is in the range', () => {
  const [first] = draw({ outlooks: [outlook] });
  assert.deepEqual(first!.data.band, { mode: 'learned', low: 3, high: 5, side: 'above', limit: 9 });
  assert.ok(first!.data.range[1] >= 30);
});

test('a range does not narrow while its span is shown', () => {
  const ranges = new Map<string, Range>();
  const [wide] = draw({ windows: [...windows, windowAt(NOW - 3 * SIZE, 20)] }, ranges);
  const [later] = draw({}, ranges);
  assert.deepEqual(later!.data.range, wide!.data.range);
});
