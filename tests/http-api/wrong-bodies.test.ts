// Problems of a body are reported in sentences that name the field, never with a library's message.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describeRoutes } from '../../http-api/routes.ts';
import { openRules, type Json, type RuleFixture } from './rule-fixture.ts';

let rules: RuleFixture;
beforeAll(async () => {
  rules = await openRules();
});
afterAll(() => rules.tables.close());

const rule = {
  metric: 'temperature',
  stat: 'max',
  above: 8,
  clearBelow: 7,
  forWindows: 3,
  severity: 'critical',
  match: { site: 'seattle', device: 'store-*' },
  channels: ['email'],
  repeatEvery: '30m',
  quietHours: { from: '22:00', to: '06:30', timeZone: 'America/Los_Angeles' },
};
const leveled = { metric: 'temperature', levels: [{ severity: 'minor', above: 8, clearBelow: 7 }] };
/** Of every route that takes a body; a route without a sample fails the test. */
const samples: Readonly<Record<string, readonly Json[]>> = {
  'PUT /rules/{ruleId}': [rule, leveled, { noDataFor: '10m' }],
  'PATCH /rules/{ruleId}': [rule, leveled],
  'POST /rules/{ruleId}/validate': [rule],
  'POST /rules/{ruleId}/dry-run': [rule],
  'POST /devices/{deviceId}/alerts/{ruleId}/acknowledge': [{ comment: 'seen' }],
  'POST /devices/{deviceId}/alerts/{ruleId}/comment': [{ comment: 'seen' }],
  'PUT /devices/{deviceId}/snooze': [{ until: '2026-11-22T00:00:00Z', comment: 'repair' }],
  'PUT /devices/{deviceId}/outlook/{ruleId}/defrosts': [
    { at: ['02:00'], timeZone: 'UTC', lasts: '20m' },
    { every: '8h', from: '2026-11-22T00:00:00Z', lasts: '20m' },
  ],
  'PUT /mappings/{mappingId}': [
    { expression: '{"t": t}', match: { type: 'lora' }, enabled: true, messages: [{ t: 1 }] },
  ],
  'POST /mappings/{mappingId}/validate': [{ expression: '{"t": t}', comment: 'ann' }],
  'POST /mappings/{mappingId}/try': [{ expression: '{"t": t}', messages: [{ t: 1 }] }],
  'POST /devices/{deviceId}/messages/explain': [{ topic: 'telemetry/seattle/a', payload: 'eyJ0IjogMX0=' }],
  'POST /errors/replay': [{ key: 'rejected/a/2026/11/22/t.json' }],
  'POST /devices': [
    { name: 'cellar-1', type: 'sensor', site: 'seattle', csr: '-----BEGIN CERTIFICATE REQUEST-----\nx' },
  ],
  'PATCH /devices/{deviceId}/shadow': [{ desired: { setpoint: 3.5 } }],
};
const routes = describeRoutes().filter(({ body }) => body);

test('every route that takes a body has a sample here', () => {
  assert.deepEqual(routes.map(({ method, path }) => `${method} ${path}`).sort(), Object.keys(samples).sort());
});

/** Every place of a document, as the steps that lead there. */
function placesOf(value: unknown, place: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [place];
  const inner = Object.entries(value).flatMap(([name, each]) => placesOf(each, [...place, name]));
  return [place, ...inner];
}

function withValue(document: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  const copy = Array.isArray(document) ? [...(document as unknown[])] : { ...(document as object) };
  (copy as Json)[first] = withValue((document as Json)[first], rest, value);
  return copy;
}

const oddValues = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, true, '', 'x', 'x'.repeat(600), 0, -1, 0.5, 1e300, [], [1], {}, { a: {} }),
  fc.constantFrom<unknown>('\ud800', '30', 'email', ['SMS'], ['a', 1], [{}], '2026-13-01', 61),
);
const oddNames = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('Metric', 'forWindow', 'sevrity', '__proto__', 'constructor', 'toString', 'x'.repeat(300)),
);

/** A sample in which one to three places are other values, and to which members may be added. */
const wrongBody = (sample: Json) =>
  fc
    .array(
      fc.oneof(
        fc.record({ place: fc.constantFrom(...placesOf(sample)), value: oddValues }),
        fc.record({ place: oddNames.map((name) => [name]), value: oddValues }),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((changes) =>
      changes.reduce<unknown>((body, { place, value }) => {
        const isThere = placesOf(body).some((known) => known.join('/') === place.slice(0, -1).join('/'));
        return isThere ? withValue(body, place, value) : body;
      }, sample),
    );

/** What Zod, V8 and JSONata say. */
const LIBRARY_WORDS =
  /invalid (input|option|key|string|type|union)|expected|received\b|unrecognized|\bzod\b|too (small|big)|undefined|\bNaN\b|\[object|unexpected token|regex|\bregexp?\b|cannot read prop/i;

function requireSentences(answer: Json): void {
  const errors = answer['errors'] as { in: string; name: string; detail: string }[];
  const shown = JSON.stringify(answer);
  assert.ok(errors.length > 0, shown);
  for (const { in: place, name, detail } of errors) {
    assert.equal(place, 'body', shown);
    const start = name === '' ? 'The body ' : `\`${name}\` `;
    assert.ok(detail.startsWith(start), shown);
    const rest = detail.slice(start.length);
    assert.match(rest, /^(must|is|are|or|and|cannot|makes|has) .{3,}/s, shown);
    assert.doesNotMatch(rest, LIBRARY_WORDS, shown);
    assert.ok(name.length <= 110 && rest.length < 700, shown);
  }
  assert.ok(String(answer['detail']).startsWith(errors[0]!.detail), shown);
}

for (const [key, bodies] of Object.entries(samples)) {
  test(`${key} reports the problems of a body in sentences`, async () => {
    const [method = '', path = ''] = key.split(' ');
    const asked = path.replaceAll(/\{\w+\}/g, 'x');
    const refusals = new Set<string>();
    const checkBody = async (body: unknown) => {
      const { status, body: answer } = await rules.call(method, asked, body);
      if (status === 400) {
        requireSentences(answer);
        refusals.add(String(answer['detail']));
      } else {
        assert.ok([200, 404, 409].includes(status), JSON.stringify(answer));
      }
    };
    for (const sample of bodies) {
      await fc.assert(fc.asyncProperty(wrongBody(sample), checkBody), { seed: 12, numRuns: 60 });
    }
    for (const text of ['', '{', '{"a":1,}', 'null', '[]', '7', '{"a":1}{', '\u0000']) await checkBody(text);
    assert.ok(refusals.size > 8, `only ${refusals.size} bodies were refused`);
  });
}
