// Remembered logins: until their end, within the room for them, and never after they are revoked.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createLoginMemory } from '../../login/memory.ts';

test('an entry is found until its end, and consumed only once it was used', async () => {
  let now = 1_000_000;
  const codes = createLoginMemory(() => now)('AuthorizationCode');
  await codes.upsert('a', { grantId: 'g' }, 60);
  assert.deepEqual(await codes.find('a'), { grantId: 'g' });
  await codes.consume('a');
  assert.deepEqual(await codes.find('a'), { grantId: 'g', consumed: 1_000 });
  now += 60_000;
  assert.equal(await codes.find('a'), undefined);
});

test('everything of a revoked grant is removed', async () => {
  const memory = createLoginMemory(() => 0);
  const [codes, tokens, sessions] = ['AuthorizationCode', 'RefreshToken', 'Session'].map(memory);
  await codes!.upsert('a', { grantId: 'g' }, 60);
  await tokens!.upsert('a', { grantId: 'g' }, 60);
  await tokens!.upsert('b', { grantId: 'h' }, 60);
  await sessions!.upsert('a', { uid: 'u' }, 60);
  await tokens!.revokeByGrantId('g');
  assert.deepEqual(
    [await codes!.find('a'), await tokens!.find('a'), await tokens!.find('b')],
    [undefined, undefined, { grantId: 'h' }],
  );
  assert.deepEqual(await sessions!.findByUid('u'), { uid: 'u' });
  await sessions!.destroy('a');
  assert.equal(await sessions!.findByUid('u'), undefined);
});

test('a client that begins logins without end pushes out the oldest, expired ones first', async () => {
  let now = 0;
  const logins = createLoginMemory(() => now)('Interaction');
  await logins.upsert('over', {}, 1);
  await logins.upsert('first', {}, 600);
  now = 2_000;
  for (let n = 0; n < 4_999; n += 1) await logins.upsert(`more-${n}`, {}, 600);
  assert.deepEqual(await logins.find('first'), {});
  await logins.upsert('last', {}, 600);
  assert.equal(await logins.find('first'), undefined);
  assert.deepEqual(await logins.find('last'), {});
});
