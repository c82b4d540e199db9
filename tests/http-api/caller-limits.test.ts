// Rate limits of callers: each has its own, guests have few, and all guests together cannot use up the users' limit.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { CALLER_LIMITS, createCallerLimits } from '../../http-api/caller-limits.ts';
import { loadTidegate } from '../template/tidegate-template.ts';

const START = 1_790_000_000_000;
const user = (id: string) => ({ id, isGuest: false });
const guest = (id: string) => ({ id, isGuest: true });

function open() {
  const clock = { now: START };
  const admit = createCallerLimits(() => clock.now);
  /** How many of so many requests at once are admitted. */
  const admitted = (caller: { id: string; isGuest: boolean }, count: number) =>
    Array.from({ length: count }, () => admit(caller)).filter((refused) => !refused).length;
  return { clock, admit, admitted };
}

test('a user has a burst, then a rate, and no user takes from another', () => {
  const { clock, admitted } = open();
  assert.equal(admitted(user('ann'), 1000), CALLER_LIMITS.user.burst);
  assert.equal(admitted(user('bob'), 1000), CALLER_LIMITS.user.burst);
  clock.now += 100;
  assert.equal(admitted(user('ann'), 1000), CALLER_LIMITS.user.perSecond / 10);
  clock.now += 3_600_000;
  assert.equal(admitted(user('ann'), 1000), CALLER_LIMITS.user.burst);
});

test('a guest has less, and many guests together have a limit that leaves users theirs', () => {
  const { clock, admitted } = open();
  assert.equal(admitted(guest('g-0'), 1000), CALLER_LIMITS.guest.burst);
  const others = Array.from({ length: 500 }, (_, n) => admitted(guest(`g-${n + 1}`), 10));
  const sum = others.reduce((all, each) => all + each, 0);
  assert.equal(sum, CALLER_LIMITS.guests.burst - CALLER_LIMITS.guest.burst);
  assert.equal(admitted(user('ann'), 1000), CALLER_LIMITS.user.burst);
  clock.now += 1000;
  const later = Array.from({ length: 500 }, (_, n) => admitted(guest(`h-${n}`), 1));
  assert.equal(
    later.reduce((all, each) => all + each, 0),
    CALLER_LIMITS.guests.perSecond,
  );
});

test('a refused guest does not use up the limit of other guests', () => {
  const { admitted } = open();
  admitted(guest('greedy'), 10_000);
  assert.equal(admitted(guest('other'), 1000), CALLER_LIMITS.guests.burst - CALLER_LIMITS.guest.burst);
});

test('identities without end do not make the buckets of users be forgotten', () => {
  const { admitted } = open();
  admitted(user('ann'), 1000);
  for (let n = 0; n < 20_000; n += 1) admitted(guest(`g-${n}`), 1);
  assert.equal(admitted(user('ann'), 1), 0);
});

test('a refusal names the limit and when to retry, and a clock that steps back admits no request', async () => {
  const { clock, admit, admitted } = open();
  admitted(guest('g'), 1000);
  const refused = admit(guest('g'))!;
  assert.equal(refused.limit, 'guest');
  assert.deepEqual([refused.response.status, refused.response.headers.get('retry-after')], [429, '1']);
  const { detail } = (await refused.response.json()) as { detail: string };
  assert.equal(
    detail,
    'You may make 10 requests a second, and 30 at once: try again in 1 s; users who log in have a higher limit of their own',
  );
  admitted(guest('h'), 1000);
  const all = admit(guest('i'))!;
  assert.equal(all.limit, 'guests');
  assert.match(await all.response.text(), /All guests together may make 25 requests a second/);
  clock.now -= 60_000;
  assert.equal(admitted(guest('g'), 1), 0);
});

test("the limits of callers are below the template's limit for all of them", () => {
  const [api] = loadTidegate().ofType('AWS::Serverless::HttpApi');
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = api!.properties[
    'DefaultRouteSettings'
  ] as Readonly<Record<string, number>>;
  const { user: one, guests } = CALLER_LIMITS;
  assert.ok(one.perSecond + guests.perSecond <= Number(rate));
  assert.ok(one.burst + guests.burst <= Number(burst));
});
