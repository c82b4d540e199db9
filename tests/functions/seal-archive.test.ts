// The function that seals, on S3 in memory with a real key: wherever a run ends, the chain in the bucket is whole and true.

import { afterEach, beforeAll, beforeEach, describe, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { GetPublicKeyCommand, KMSClient, SignCommand, type SignCommandInput } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { checkChain, checkObject, checkPresence } from '../../core/seal/chain.ts';
import { sealedDayIn, type SealedDay } from '../../core/seal/manifest.ts';
import { signDigest } from '../../packages/local-cloud/kms/sign-digest.ts';
import type { SealReport } from '../../pipeline/seal-archive.ts';
import { newKey, objectOf, type KeyPair } from '../core/seal-chain.ts';
import { openMemoryS3, type MemoryS3 } from '../support/memory-s3.ts';
import { contextOf, startLambda } from './lambda.ts';

const NOON = Date.parse('2026-12-01T12:00:00Z');
const [A, B, C] = [
  'raw/2026/11/28/05/a.ndjson',
  'raw/2026/11/28/23/b.ndjson.gz',
  'raw/2026/11/30/00/c.ndjson',
];
const FIRST = newKey();

let s3: MemoryS3;
let key: KeyPair;
let written: string[];
let seal: (event?: unknown, leftMs?: number) => Promise<SealReport>;
let now: ReturnType<typeof jest.spyOn>;
const kms = mockClient(KMSClient);

beforeAll(async () => {
  s3 = openMemoryS3();
  ({ written } = startLambda({ RAW_BUCKET: 'archive', SEAL_KEY: 'key-1' }));
  const { handler } = await import('../../functions/seal-archive.ts');
  seal = async (event = {}, leftMs = 900_000) =>
    handler(event, contextOf('seal-archive', { getRemainingTimeInMillis: () => leftMs }));
});
beforeEach(() => {
  s3.objects.clear();
  s3.onCall(() => {});
  key = FIRST;
  kms.reset();
  kms.on(GetPublicKeyCommand, { KeyId: 'key-1' }).callsFake(() => ({
    PublicKey: key.key.export({ type: 'spki', format: 'der' }),
  }));
  kms.on(SignCommand).callsFake((input: SignCommandInput) => {
    assert.deepEqual(
      [input.KeyId, input.MessageType, input.SigningAlgorithm],
      ['key-1', 'DIGEST', 'ECDSA_SHA_256'],
    );
    return { Signature: signDigest(key.privateKey, input.Message!) };
  });
  now = jest.spyOn(Date, 'now').mockReturnValue(NOON);
  put(A, 'a\n');
  put(B, 'b\n');
  put(C, 'c\n');
});
afterEach(() => now.mockRestore());

const put = (name: string, content: string) => void s3.objects.set(`archive/${name}`, Buffer.from(content));
const stored = (name: string) => s3.objects.get(`archive/${name}`)?.toString();
const sealKeys = () => [...s3.objects.keys()].filter((name) => name.startsWith('archive/seals/')).sort();

/** The findings of somebody with a copy of the bucket. */
function faults(keys = [FIRST]): string[] {
  const names = [...s3.objects.keys()].map((name) => name.slice('archive/'.length));
  const manifests = names
    .filter((name) => /^seals\/\d{4}\//.test(name))
    .map((name) => ({ key: name, found: sealedDayIn(stored(name)!) }));
  const checked = checkChain(manifests, { keys });
  const raw = names.filter((name) => name.startsWith('raw/'));
  const objects = raw.flatMap((name) => {
    const sealed = checked.objects.get(name);
    return sealed ? (checkObject(objectOf(name, stored(name)!), sealed) ?? []) : [];
  });
  const findings = [...checked.findings, ...objects, ...checkPresence(new Set(raw), checked)];
  return findings.map(({ kind, object }) => `${kind} ${object}`);
}
const manifestOf = (day: string) => (sealedDayIn(stored(`seals/2026/${day}.json`)!) as SealedDay).manifest;

test('each day that is over is sealed in its order, days without objects too, and once', async () => {
  const { sealed, newest, unsealed } = await seal();
  assert.deepEqual(
    sealed.map(({ day, objects, bytes }) => [day, objects, bytes]),
    [
      ['2026-11-28', 2, 4],
      ['2026-11-29', 0, 0],
      ['2026-11-30', 1, 2],
    ],
  );
  assert.deepEqual([newest?.day, newest?.head, unsealed], ['2026-11-30', sealed[2]!.head, 0]);
  assert.equal(stored('seals/public-key.pem'), FIRST.pem);
  assert.deepEqual(faults(), []);
  const before = new Map(s3.objects);
  assert.deepEqual((await seal()).sealed, []);
  assert.deepEqual(s3.objects, before);
});

test('a day is due an hour after its end; an empty archive has none, and no key', async () => {
  now.mockReturnValue(Date.parse('2026-12-01T00:59:59Z'));
  assert.equal((await seal()).newest?.day, '2026-11-29');
  now.mockReturnValue(Date.parse('2026-12-01T01:00:00Z'));
  assert.equal((await seal()).newest?.day, '2026-11-30');
  s3.objects.clear();
  assert.deepEqual(await seal(), { sealed: [], unsealed: 0 });
  assert.deepEqual(sealKeys(), []);
});

test('an object that Firehose writes late into the folder of a sealed day is sealed with the next day', async () => {
  now.mockReturnValue(NOON - 86_400_000);
  await seal();
  put('raw/2026/11/29/22/late.ndjson', 'late\n');
  assert.deepEqual(faults(), ['added raw/2026/11/29/22/late.ndjson']);
  now.mockReturnValue(NOON);
  await seal();
  assert.deepEqual(faults(), []);
  assert.deepEqual(
    manifestOf('11/30').objects.map(({ key: name }) => name),
    ['raw/2026/11/29/22/late.ndjson', C],
  );
});

test('a run whose time is over keeps its hashes, and the next one reads only the rest', async () => {
  const many = Array.from({ length: 20 }, (_, n) => `raw/2026/11/28/06/${String(n).padStart(2, '0')}.ndjson`);
  for (const name of many) put(name, name);
  let reads = 0;
  s3.onCall(({ name, key: of }) => {
    if (name !== 'get' || !of.startsWith('raw/')) return;
    reads += 1;
    if (reads === 8) now.mockReturnValue(NOON + 900_000);
  });
  const { sealed, unsealed, newest } = await seal();
  assert.deepEqual([sealed, unsealed, newest, reads], [[], 3, undefined, 8]);
  assert.ok(written.some((line) => line.includes('"DaysUnsealed":3')));
  await seal();
  assert.equal(reads, 23);
  assert.deepEqual(faults(), []);
});

test('wherever a run is killed, the next one leaves a whole chain', async () => {
  const start = s3.calls();
  await seal();
  const calls = s3.calls() - start;
  for (let at = 1; at <= calls; at += 1) {
    s3.objects.clear();
    put(A, 'a\n');
    put(B, 'b\n');
    put(C, 'c\n');
    const begun = s3.calls();
    s3.onCall(({ n }) => {
      if (n >= begun + at) throw new Error('killed');
    });
    await assert.rejects(seal(), /killed/);
    s3.onCall(() => {});
    await seal();
    assert.deepEqual(faults(), [], String(at));
  }
});

test('two runs at once make one chain', async () => {
  const reports = await Promise.all([seal(), seal()]);
  assert.deepEqual(faults(), []);
  assert.equal(reports[0].newest?.head, reports[1].newest?.head);
  assert.equal(reports.flatMap(({ sealed }) => sealed).length, 3);
});

describe('a sealed day', () => {
  const compare = () => seal({ day: '2026-11-28' });
  test('is compared with the archive again on request', async () => {
    assert.equal((await compare()).verified, undefined);
    assert.equal((await compare()).verified, '2026-11-28');
  });
  const changes: readonly (readonly [what: string, change: () => unknown, reason: RegExp])[] = [
    [
      'changed',
      () => put(A, 'x\n'),
      /28 differs from its seal: raw\/2026\/11\/28\/05\/a\.ndjson: changed: it has 2 bytes/,
    ],
    [
      'missing',
      () => s3.objects.delete(`archive/${B}`),
      /b\.ndjson\.gz: missing: the archive has no such object\. Copy/,
    ],
    ['added', () => put('raw/2026/11/28/07/n', ''), /28\/07\/n: added: no manifest lists it\. Ask/],
  ];
  for (const [what, change, reason] of changes) {
    test(`fails loudly for an object that is ${what}`, async () => {
      await seal();
      change();
      await assert.rejects(compare(), reason);
      await seal();
    });
  }
  test('is refused if it is not over, or not sealed', async () => {
    await assert.rejects(seal({ day: '2026-12-01' }), /^Error: day 2026-12-01 cannot be sealed yet/);
    await seal();
    await assert.rejects(seal({ day: '2026-11-27' }), /seals\/2026\/11\/27\.json: the day is not sealed/);
  });
});

describe('nothing is sealed over', () => {
  const breaks: readonly (readonly [what: string, change: () => unknown, reason: RegExp])[] = [
    [
      'a manifest that is missing',
      () => s3.objects.delete('archive/seals/2026/11/29.json'),
      /29\.json is missing: restore/,
    ],
    [
      'a manifest that was changed',
      () => put('seals/2026/11/30.json', stored('seals/2026/11/30.json')!.replace('"size": 2', '"size": 3')),
      /30\.json was changed: restore its older version/,
    ],
    [
      'text that is not a manifest',
      () => put('seals/2026/11/30.json', '{}'),
      /30\.json is not a manifest: it has no `manifest`/,
    ],
  ];
  for (const [what, change, reason] of breaks) {
    test(what, async () => {
      await seal();
      change();
      const before = new Map(s3.objects);
      now.mockReturnValue(NOON + 86_400_000);
      await assert.rejects(seal(), reason);
      assert.deepEqual(s3.objects, before);
    });
  }
});

test('another key seals only when it is accepted by its fingerprint, and the one before stays known', async () => {
  await seal();
  key = newKey();
  now.mockReturnValue(NOON + 86_400_000);
  const command = new RegExp(`npm run seal -- --accept-key ${key.fingerprint}$`);
  await assert.rejects(seal(), command);
  await assert.rejects(
    seal({ acceptKey: FIRST.fingerprint }),
    /^Error: acceptKey is .*, and the stack's key is /,
  );
  await seal({ acceptKey: key.fingerprint });
  assert.equal(stored('seals/public-key.pem'), key.pem);
  assert.equal(stored(`seals/keys/${FIRST.fingerprint}.pem`), FIRST.pem);
  assert.deepEqual(faults([FIRST, key]), []);
  assert.deepEqual(faults([FIRST]), ['key seals/2026/12/01.json']);
});

test('another key does not seal either where the published key is missing; the same key is published again', async () => {
  await seal();
  s3.objects.delete('archive/seals/public-key.pem');
  now.mockReturnValue(NOON + 86_400_000);
  key = newKey();
  const before = new Map(s3.objects);
  await assert.rejects(
    seal(),
    new RegExp(`sealed with the key ${FIRST.fingerprint}, .* --accept-key ${key.fingerprint}$`),
  );
  assert.deepEqual(s3.objects, before);
  key = FIRST;
  await seal();
  assert.equal(stored('seals/public-key.pem'), FIRST.pem);
  assert.deepEqual(faults(), []);
});

test('a file beside the manifests whose name is not a day is not a manifest', async () => {
  await seal();
  put('seals/2026/13/45.json', '{}');
  now.mockReturnValue(NOON + 86_400_000);
  assert.equal((await seal()).newest?.day, '2026-12-01');
});
