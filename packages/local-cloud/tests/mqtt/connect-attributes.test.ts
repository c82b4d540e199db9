// The condition keys of a CONNECT besides the client ID: iot:ConnectAttributes and iot:LastWillTopic.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { AccessRequest } from '../../mqtt/access.ts';
import { type Harness, startHarness } from './harness.ts';

let harness: Harness;
afterEach(() => harness?.stop());

const will = { topic: 'farewell', payload: Buffer.from('bye'), qos: 0, retain: false } as const;

const cases = [
  ['nothing more', {}, [], undefined],
  ['a will', { will }, ['LastWill'], 'farewell'],
  ['a session that persists', { clean: false }, ['PersistentConnect'], undefined],
  ['both', { will, clean: false }, ['LastWill', 'PersistentConnect'], 'farewell'],
] as const;
for (const [title, fields, attributes, topic] of cases) {
  test(`a CONNECT with ${title}`, async () => {
    const asked: AccessRequest[] = [];
    harness = await startHarness({ authorize: (request) => asked.push(request) > 0 });
    await harness.client().connect({ clientId: 'c1', ...fields });
    assert.partialDeepStrictEqual(asked[0], { action: 'iot:Connect', connectAttributes: attributes });
    assert.equal(asked[0]?.lastWillTopic, topic);
  });
}
