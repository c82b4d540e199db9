// The CloudWatch dashboard is text to CloudFormation, so nothing but this reads it before AWS does.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { loadTidegate } from './tidegate-template.ts';

interface Widget {
  readonly type: 'alarm' | 'metric';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly [namespace: string, metric: string, name: string, value: string])[];
    readonly region?: string;
  };
}

const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const settings: readonly Readonly<Record<string, string>>[] = [
  { IngestMode: 'direct' },
  { IngestMode: 'stream' },
  { IngestMode: 'direct', AlertPhone: '' },
  { IngestMode: 'stream', AlertPhone: '', WithUserPool: 'false' },
  { IngestMode: 'direct', WithUserPool: 'true' },
];

for (const overrides of settings) {
  const title = Object.entries(overrides)
    .map((pair) => pair.join('='))
    .join(' ');
  const template = loadTidegate(overrides);
  const [dashboard, ...more] = template.ofType('AWS::CloudWatch::Dashboard');
  const { widgets } = JSON.parse(String(dashboard!.properties['DashboardBody'])) as { widgets: Widget[] };

  test(`${title}: the dashboard shows every alarm`, () => {
    const shown = widgets.flatMap(({ properties: { alarms = [] } }) => alarms);
    assert.deepEqual(
      new Set(shown),
      new Set(template.ofType('AWS::CloudWatch::Alarm').map(({ arn }) => arn)),
    );
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    assert.ok(shown.length <= 100 && new Set(shown).size === shown.length);
    assert.deepEqual(more, []);
  });

  test(`${title}: each metric is one of a resource that is there, or one that the functions count`, () => {
    const names = new Set([...template.resources.values()].flatMap(({ name, ref }) => [name, ref]));
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    assert.ok(metrics.length > 20, String(metrics.length));
    for (const [namespace, metric, , value] of metrics) {
      if (namespace === 'Tidegate') {
        assert.equal(value, 'tidegate');
        assert.ok(operations.includes(`\`${metric}\``), `${metric} is not in docs/operations.md`);
      } else {
        assert.ok(names.has(value), `${metric} of ${value}`);
      }
    }
  });

  test(`${title}: no widget lies over another or beyond the 24 columns, and each has its title`, () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, n) => `${x + (n % width)} ${y + Math.floor(n / width)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    for (const { type, x, width, properties } of widgets) {
      assert.ok(x + width <= 24 && properties.title.length > 3);
      if (type === 'metric') assert.equal(properties.region, 'us-east-1');
    }
  });
}
