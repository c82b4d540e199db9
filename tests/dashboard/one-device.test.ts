// The page's logic for one device: the shadow's draft, connections, the certificate, and the form for a new device.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { changesOf, differencesOf, patchBetween, type Shadow, type ShadowState } from '../../core/shadow.ts';
import { mergePatch } from '../../core/merge-patch.ts';
import * as fc from 'fast-check';
import type { BrokerConfig } from '../../dashboard/model/config.ts';
import {
  ageText,
  certificateProblem,
  connectionsOf,
  reasonText,
  type PresenceEvent,
} from '../../dashboard/model/connections.ts';
import { groupOf, problemsOf, RECIPES, shownSecrets } from '../../dashboard/model/new-device.ts';
import { isOvertaken, readDraft, rebased } from '../../dashboard/model/shadow-draft.ts';

const NOW = Date.UTC(2026, 11, 1, 12);
const DAY = 86_400_000;

const drafts: readonly (readonly [text: string, found: ShadowState | RegExp])[] = [
  ['{"setpoint": 3.5}', { setpoint: 3.5 }],
  ['{}', {}],
  ['', /^Enter a JSON object/],
  ['{\n  "setpoint": 3,5\n}', /^Invalid JSON at line 2, character \d+\.$/],
  ['{"a": 1', /^Invalid JSON at the end\.$/],
  ['[1]', /^The desired state must be a JSON object/],
  ['7', /^The desired state must be a JSON object/],
  ['{"a": {"b": null}}', /^a\.b is null, which a shadow does not keep/],
  ['{"a": [1, {"b": null}]}', /^a\.1\.b is null/],
];
for (const [text, expected] of drafts) {
  test(`a draft ${JSON.stringify(text)} is ${expected instanceof RegExp ? 'refused with a sentence' : 'taken'}`, () => {
    const found = readDraft(text);
    if (expected instanceof RegExp) assert.match('problem' in found ? found.problem : '', expected);
    else assert.deepEqual(found, { desired: expected });
  });
}

const shadowOf = (desired: ShadowState, more: Partial<Shadow> = {}): Shadow => ({
  ...{ version: 1, asOf: NOW, reported: {}, delta: {}, desired },
  ...more,
});

test('changes are listed member by member, with arrays as a whole', () => {
  const before = { setpoint: 4, fan: { speed: 1, mode: 'auto' }, list: [1, 2], same: [{ a: 1 }] };
  const after = { setpoint: 3.5, fan: { mode: 'auto', noise: 'low' }, list: [1, 3], same: [{ a: 1 }] };
  assert.deepEqual(
    changesOf(before, after).map(({ path, before, after }) => [path.join('.'), before, after]),
    [
      ['setpoint', 4, 3.5],
      ['fan.speed', 1, undefined],
      ['fan.noise', undefined, 'low'],
      ['list', [1, 2], [1, 3]],
    ],
  );
  assert.deepEqual(patchBetween(before, after), {
    ...{ setpoint: 3.5, fan: { speed: null, noise: 'low' }, list: [1, 3] },
  });
});

/** JSON without null, which a shadow does not keep, and with names such as `__proto__`. */
const state = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'),
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.oneof(fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.constantFrom('x', '')),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('value'), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
  })).value,
  { maxKeys: 4, noNullPrototype: true },
);

test('the patch between two states turns one into the other', () => {
  fc.assert(
    fc.property(state, state, (before, after) => {
      const made = mergePatch(before, patchBetween(before, after));
      assert.deepEqual(JSON.parse(JSON.stringify(made)), JSON.parse(JSON.stringify(after)));
    }),
    { seed: 15, numRuns: 500 },
  );
});

test('a difference shows the reported and the desired value', () => {
  const shadow = { reported: { fan: { speed: 1 }, a: 1 }, delta: { fan: { speed: 2 }, b: [1] } };
  assert.deepEqual(
    differencesOf(shadow).map(({ path, before, after }) => [path.join('.'), before, after]),
    [
      ['fan.speed', 1, 2],
      ['b', undefined, [1]],
    ],
  );
});

test('only changes of the desired state by others overtake a draft, and my changes are applied to theirs', () => {
  const base = shadowOf({ setpoint: 4, fan: { speed: 1 } });
  assert.equal(isOvertaken(base, shadowOf(base.desired, { version: 9, reported: { setpoint: 4 } })), false);
  const theirs = shadowOf({ setpoint: 5, fan: { speed: 1, mode: 'auto' } }, { version: 2 });
  assert.ok(isOvertaken(base, theirs));
  assert.deepEqual(rebased(base, { setpoint: 4, fan: { speed: 3 } }, theirs), {
    ...{ setpoint: 5, fan: { speed: 3, mode: 'auto' } },
  });
});

test('a connection has its start and end, in any order of arrival, or one of them', () => {
  const events: readonly PresenceEvent[] = [
    { at: NOW, online: true, sessionId: 'c' },
    { at: NOW - DAY, online: false, sessionId: 'b', disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT' },
    { at: NOW - 2 * DAY, online: true, sessionId: 'b', ipAddress: '192.0.2.1' },
    { at: NOW - 3 * DAY, online: false, sessionId: 'a', disconnectReason: 'SOMETHING_NEW' },
  ];
  const expected = [
    { sessionId: 'c', from: NOW },
    {
      ...{ sessionId: 'b', from: NOW - 2 * DAY, to: NOW - DAY },
      ...{ reason: 'MQTT_KEEP_ALIVE_TIMEOUT', ipAddress: '192.0.2.1' },
    },
    { sessionId: 'a', to: NOW - 3 * DAY, reason: 'SOMETHING_NEW' },
  ];
  assert.deepEqual(connectionsOf(events), expected);
  assert.deepEqual(connectionsOf(events.toReversed()), expected);
  assert.equal(reasonText('MQTT_KEEP_ALIVE_TIMEOUT'), 'Keep-alive timed out');
  assert.equal(reasonText('SOMETHING_NEW'), 'SOMETHING_NEW');
});

const certificates: readonly (readonly [status: string, days: number, problem: RegExp | undefined])[] = [
  ['ACTIVE', 400, undefined],
  ['ACTIVE', 31, undefined],
  ['ACTIVE', 12, /^It expires in 12 d: npm run device -- rotate fridge-1$/],
  ['ACTIVE', -1, /^It expired on .*: npm run device -- rotate fridge-1$/],
  [
    'REVOKED',
    400,
    /^It is revoked, so the device cannot connect with it: npm run device -- rotate fridge-1$/,
  ],
];
for (const [status, days, problem] of certificates) {
  test(`a certificate that is ${status} for ${days} days is ${problem ? 'warned of' : 'in order'}`, () => {
    const certificate = {
      certificateId: 'a',
      status,
      createdAt: NOW - 27 * DAY,
      expiresAt: NOW + days * DAY,
    };
    const found = certificateProblem(certificate, 'fridge-1', NOW);
    if (problem) assert.match(found ?? '', problem);
    else assert.equal(found, undefined);
    assert.match(ageText(certificate, NOW), /^4 Nov 2026, 27 days ago$/);
    assert.equal(ageText({ ...certificate, createdAt: NOW - 5000 }, NOW), 'today');
  });
}

const known = [{ deviceId: 'here', site: 'seattle', groups: ['Cold', 'Seattle'] }];
const fields: readonly (readonly [
  Partial<Record<'name' | 'type' | 'site', string>>,
  Record<string, RegExp>,
])[] = [
  [{}, {}],
  [{ name: 'cellar-1', type: 'sensor', site: 'seattle' }, {}],
  [{ name: 'here' }, { name: /is already in use/ }],
  [
    { name: 'a b', site: 'a/b' },
    { name: /^The name is not allowed: 1 to 128/, site: /^The site is not/ },
  ],
  [{ name: 'gw:child' }, { name: /gateway:child is how/ }],
  [{ type: 'größe' }, { type: /^The type is not allowed/ }],
];
for (const [given, expected] of fields) {
  test(`of ${JSON.stringify(given)} ${Object.keys(expected).join(' and ') || 'nothing'} is wrong`, () => {
    const found = problemsOf({ name: '', type: '', site: '', ...given }, known);
    assert.deepEqual(Object.keys(found), Object.keys(expected));
    for (const [name, pattern] of Object.entries(expected)) assert.match(found[name as 'name']!, pattern);
  });
}

test("a site that the user may not see is refused with the names of the user's sites", () => {
  const device = { name: '', type: '', site: 'oslo' };
  assert.match(
    problemsOf(device, known, ['lima', 'seattle']).site!,
    /^The site is not one of your sites \(lima, seattle\): /,
  );
  assert.deepEqual(problemsOf({ ...device, site: 'lima' }, known, ['lima']), {});
});

test('a new device joins the group named like its site in any case, or a new one', () => {
  assert.deepEqual([groupOf('seattle', known), groupOf('oslo', known)], ['Seattle', 'oslo']);
});

test('the lines have the broker, the names of the files and the topic; a key is copied, not shown', () => {
  const device = { name: 'cellar-1', type: 'sensor', site: 'seattle' };
  const broker: BrokerConfig = { host: '::1', port: 8883, ca: 'CA' };
  const texts = RECIPES.map(({ lines }) => lines(device, broker, shownSecrets('cellar-1')));
  for (const text of texts) assert.match(text, /telemetry\/seattle\/cellar-1/);
  assert.match(
    texts[0]!,
    /-h ::1 -p 8883 .*\n {2}--cafile ca\.pem --cert cellar-1\.cert\.pem --key cellar-1\.key\.pem/,
  );
  assert.match(texts[2]!, /server: mqtts:\/\/\[::1\]:8883/);
  const copied = RECIPES[1]!.lines(device, broker, { ca: 'CA\n', cert: 'CERT\n', key: 'KEY\n' });
  assert.match(copied, /KEY\[\] = R"\(KEY\)";/);
  assert.match(texts[1]!, /KEY\[\] = R"\(\.\.\. cellar-1\.key\.pem \.\.\.\)";/);
});
