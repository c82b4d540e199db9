// GET /health: it proves that a table can be read, returns nothing else, and costs at most one read a second.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHttpApi } from '../../http-api/app.ts';
import { healthRoutes } from '../../http-api/health-routes.ts';
import { ANYBODY } from '../../http-api/lambda-http.ts';

function openHealth() {
  const state = { at: 1_790_000_000_000, reads: [] as string[], isBroken: false };
  const errors: unknown[] = [];
  const serve = createHttpApi(
    healthRoutes({
      now: () => state.at,
      devices: {
        async load(deviceId) {
          state.reads.push(deviceId);
          if (state.isBroken) throw new Error('AccessDenied on table tidegate-DevicesTable');
          return undefined;
        },
      },
    }),
  );
  const ask = async () => {
    const served = { resolve: async () => ANYBODY, onError: (error: unknown) => void errors.push(error) };
    const response = await serve(new Request('https://api.example/health'), served);
    return [response.status, await response.json()] as const;
  };
  return { state, errors, ask };
}

test('a readable table is healthy, and the answer says nothing else', async () => {
  const { ask } = openHealth();
  assert.deepEqual(await ask(), [200, { status: 'ok' }]);
});

test('an unreadable table is an error whose reason is only in the log', async () => {
  const { state, errors, ask } = openHealth();
  state.isBroken = true;
  const [status, body] = await ask();
  assert.deepEqual(
    [status, body],
    [500, { status: 500, title: 'Internal error', detail: 'The error is in the log of the function' }],
  );
  assert.match(String(errors[0]), /AccessDenied/);
});

test('the table is read once a second for all requests, and the next second sees changes', async () => {
  const { state, ask } = openHealth();
  const first = await Promise.all(Array.from({ length: 50 }, ask));
  assert.ok(first.every(([status]) => status === 200));
  assert.equal(state.reads.length, 1);
  state.isBroken = true;
  state.at += 999;
  assert.equal((await ask())[0], 200);
  state.at += 1;
  assert.equal((await ask())[0], 500);
  state.isBroken = false;
  state.at += 1000;
  assert.equal((await ask())[0], 200);
  assert.equal(state.reads.length, 3);
});

test('a clock that is set back does not extend an old answer', async () => {
  const { state, ask } = openHealth();
  await ask();
  state.at -= 3_600_000;
  await ask();
  assert.equal(state.reads.length, 2);
});

test("the key that is read is not a valid thing name, so it is not a device's", async () => {
  const { state, ask } = openHealth();
  await ask();
  assert.doesNotMatch(state.reads[0]!, /^[a-zA-Z0-9:_-]{1,128}$/);
});
