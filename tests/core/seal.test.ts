// Seals: each change of a sealed archive is named with its day and object, and nothing else is.

import { describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { canonicalJson } from '../../core/canonical-json.ts';
import { checkChain, checkObject, checkPresence, type FoundManifest } from '../../core/seal/chain.ts';
import { headOf, sealedDayIn, type SealedDay } from '../../core/seal/manifest.ts';
import { sealingKey } from '../../core/seal/public-key.ts';
import { sealRequestIn } from '../../core/seal/seal-request.ts';
import {
  dayOfManifest,
  dayOfObject,
  daysBetween,
  lastDue,
  lateDays,
  manifestKey,
} from '../../core/seal/sealed-days.ts';
import { chainOf, newKey, objectOf, sealedDay } from './seal-chain.ts';

const KEY = newKey();
const OTHER = newKey();
const A = objectOf('raw/2026/11/28/05/a.ndjson', 'a\n');
const B = objectOf('raw/2026/11/29/06/b.ndjson', 'b\n');
const LATE = objectOf('raw/2026/11/28/23/late.ndjson', 'late\n');
const D = objectOf('raw/2026/12/01/00/d.ndjson', 'd\n');
const DAYS = { '2026-11-28': [A], '2026-11-29': [B, LATE], '2026-11-30': [], '2026-12-01': [D] };
const chain = chainOf(DAYS, KEY);
const FIRST = chain[0]!.found;
const keysOf = (...objects: { readonly key: string }[]) => new Set(objects.map(({ key }) => key));

const findingsOf = (manifests: readonly FoundManifest[], keys = [KEY], pinned?: string) =>
  checkChain(manifests, { keys, pinned }).findings.map(({ kind, day }) =>
    [kind, day].filter(Boolean).join(' '),
  );
const edited = (index: number, edit: (sealed: SealedDay) => SealedDay) =>
  chain.map((each, at) => (at === index ? { ...each, found: edit(each.found) } : each));

test('an unchanged chain has no finding, in any order of its manifests', () => {
  assert.deepEqual(findingsOf(chain), []);
  assert.deepEqual(findingsOf(chain.toReversed(), [OTHER, KEY], chain[1]!.found.head), []);
  const checked = checkChain(chain, { keys: [KEY] });
  assert.deepEqual(checkPresence(keysOf(A, B, LATE, D), checked), []);
  assert.deepEqual(
    [...checked.objects.values()].map(({ day }) => day),
    [...['2026-11-28', '2026-11-29', '2026-11-29', '2026-12-01']],
  );
  assert.equal(checkObject(LATE, checked.objects.get(LATE.key)!), undefined);
});

/** A change of the manifests, and the findings. */
const changes: readonly (readonly [what: string, manifests: FoundManifest[], findings: readonly string[]])[] =
  [
    ['a day is missing', chain.toSpliced(1, 1), ['gap 2026-11-29', 'previous 2026-11-30']],
    ['the first day is missing', chain.slice(1), ['start 2026-11-29']],
    ['a manifest is no JSON', [{ ...chain[0]!, found: { problem: 'no JSON' } }], ['unreadable 2026-11-28']],
    [
      'two manifests are swapped',
      [{ ...chain[0]!, key: chain[1]!.key }, { ...chain[1]!, key: chain[0]!.key }, ...chain.slice(2)],
      ['unreadable 2026-11-28', 'unreadable 2026-11-29'],
    ],
    [
      'a hash is edited',
      edited(0, ({ manifest, ...rest }) => ({
        ...rest,
        manifest: { ...manifest, objects: [{ ...A, sha256: B.sha256 }] },
      })),
      ['head 2026-11-28', 'signature 2026-11-28'],
    ],
    [
      'a hash and the head are edited',
      edited(0, ({ manifest, ...rest }) => {
        const changed = { ...manifest, objects: [{ ...A, sha256: B.sha256 }] };
        return { ...rest, manifest: changed, head: headOf(changed) };
      }),
      ['signature 2026-11-28', 'previous 2026-11-29'],
    ],
    [
      'a signature is of another day',
      edited(1, (sealed) => ({ ...sealed, signature: FIRST.signature })),
      ['signature 2026-11-29'],
    ],
    [
      'a signature is not valid',
      edited(1, (sealed) => ({ ...sealed, signature: '' })),
      ['signature 2026-11-29'],
    ],
    [
      'a day is sealed again with another key',
      edited(1, () => sealedDay('2026-11-29', [B], { previous: chain[0]!.found.head, key: OTHER })),
      ['key 2026-11-29', 'previous 2026-11-30'],
    ],
    [
      'a day is sealed again with the same key',
      edited(1, () => sealedDay('2026-11-29', [B], { previous: chain[0]!.found.head, key: KEY })),
      ['previous 2026-11-30'],
    ],
    [
      'an object is sealed twice, and one before it arrived',
      chainOf({ '2026-11-28': [A, B], '2026-11-29': [A] }, KEY),
      ['misplaced 2026-11-28', 'twice 2026-11-29'],
    ],
  ];
for (const [what, manifests, findings] of changes) {
  test(`named: ${what}`, () => assert.deepEqual(findingsOf(manifests), findings));
}

test('a chain that is cut at its end is found by a head that was noted elsewhere, and by nothing else', () => {
  const cut = chain.slice(0, -1);
  assert.deepEqual(findingsOf(cut), []);
  assert.deepEqual(findingsOf(cut, [KEY], chain.at(-1)!.found.head), ['pinned']);
});

test('an object that is changed, missing or added is named with its day', () => {
  const checked = checkChain(chain, { keys: [KEY] });
  const found = checkObject({ ...B, size: 3 }, checked.objects.get(B.key)!);
  assert.deepEqual([found?.kind, found?.day, found?.object], ['changed', '2026-11-29', B.key]);
  const stranger = { key: 'raw/2026/11/30/01/x.ndjson' };
  const odd = { key: 'raw/notes.txt' };
  const newer = { key: 'raw/2026/12/02/01/x.ndjson' };
  const presence = checkPresence(keysOf(A, LATE, D, stranger, odd, newer), checked);
  assert.deepEqual(
    presence.map(({ kind, day, object }) => [kind, day, object]),
    [
      ['missing', '2026-11-29', B.key],
      ['added', '2026-11-30', stranger.key],
      ['added', undefined, odd.key],
    ],
  );
});

test('any edit of a stored manifest is found, or leaves the signed content unchanged', () => {
  const manifests: readonly FoundManifest[] = chain;
  const text = JSON.stringify(chain[1]!.found);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'f', ' ', '"', '}', 'Z'), (at, letter) => {
      const found = sealedDayIn(text.slice(0, at) + letter + text.slice(at + 1));
      const same = !('problem' in found) && JSON.stringify(found) === text;
      const findings = findingsOf(manifests.with(1, { key: chain[1]!.key, found }));
      assert.equal(findings.length === 0, same || isSameSignature(found), `${at} ${letter}`);
    }),
    { numRuns: 300, seed: 1 },
  );
});

/** Base64 ignores some letters, so that another text may be the same signature. */
const isSameSignature = (found: ReturnType<typeof sealedDayIn>) =>
  !('problem' in found) &&
  found.head === chain[1]!.found.head &&
  canonicalJson(found.manifest) === canonicalJson(chain[1]!.found.manifest) &&
  Buffer.from(found.signature, 'base64').equals(Buffer.from(chain[1]!.found.signature, 'base64'));

describe('a stored manifest', () => {
  const good = chain[0]!.found;
  const cases: readonly (readonly [text: string, problem: RegExp])[] = [
    ['{', /^it is not JSON: /],
    ['null', /^it has no `manifest`$/],
    [JSON.stringify({ ...good, head: 'x' }), /^`head` is not a SHA-256$/],
    [JSON.stringify({ ...good, signature: 1 }), /^`signature` is missing$/],
    [JSON.stringify({ ...good, manifest: { ...good.manifest, version: 2 } }), /^`manifest.version` /],
    [JSON.stringify({ ...good, manifest: { ...good.manifest, day: '2026-02-30' } }), /^`manifest.day` /],
    [JSON.stringify({ ...good, manifest: { ...good.manifest, objects: [{}] } }), /^`manifest.objects` /],
  ];
  for (const [text, problem] of cases) {
    test(`is refused: ${problem.source}`, () => {
      const found = sealedDayIn(text);
      assert.match('problem' in found ? found.problem : '', problem);
    });
  }
  test('is read back as it was written', () => assert.deepEqual(sealedDayIn(JSON.stringify(good)), good));
});

test('a key is a public one on the curve P-256', () => {
  assert.equal(sealingKey(KEY.pem).fingerprint, KEY.fingerprint);
  assert.equal(sealingKey(KEY.key.export({ type: 'spki', format: 'der' })).pem, KEY.pem);
  assert.throws(() => sealingKey('no key'));
});

test('a day is due an hour after its end in UTC', () => {
  assert.equal(lastDue(Date.parse('2026-12-01T00:59:59.999Z')), '2026-11-29');
  assert.equal(lastDue(Date.parse('2026-12-01T01:00:00Z')), '2026-11-30');
  assert.deepEqual(daysBetween('2026-02-27', '2026-03-01'), ['2026-02-27', '2026-02-28', '2026-03-01']);
  assert.deepEqual(lateDays('2026-12-01'), ['2026-11-29', '2026-11-30']);
  assert.equal(manifestKey('2026-12-01'), 'seals/2026/12/01.json');
});

test('only a day of the calendar is the day of a manifest or an object', () => {
  assert.equal(dayOfManifest('seals/2028/02/29.json'), '2028-02-29');
  for (const day of ['2026/13/45', '2026/02/30', '2026/00/01'])
    assert.deepEqual(
      [dayOfManifest(`seals/${day}.json`), dayOfObject(`raw/${day}/05/a`)],
      [undefined, undefined],
    );
  assert.deepEqual(daysBetween('9999-12-30', '9999-12-31'), ['9999-12-30', '9999-12-31']);
});

test('an event names a day that is over and a fingerprint, or neither', () => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  assert.deepEqual(sealRequestIn({ version: '0', time: 'x' }, now), {});
  assert.deepEqual(sealRequestIn({ day: '2026-11-30', acceptKey: KEY.fingerprint }, now), {
    ...{ day: '2026-11-30', acceptKey: KEY.fingerprint },
  });
  assert.throws(
    () => sealRequestIn({ day: 'x' }, now),
    /^Error: day must be a day such as 2026-11-29, not "x"$/,
  );
  assert.throws(() => sealRequestIn({ day: '2026-02-30' }, now), /must be a day such as .* "2026-02-30"$/);
  assert.throws(() => sealRequestIn({ day: '2026-12-01' }, now), /the last one that can is 2026-11-30$/);
  assert.throws(() => sealRequestIn({ acceptKey: 1 }, now), /^Error: acceptKey must be the SHA-256/);
});
