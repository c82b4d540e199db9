// Calm hours of the day: where nothing but defrosts leaves the band, an alert begins at the first minutes above it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { disturbed, isCalm, NEVER_CALM, nextCalm } from '../../core/insight/calm-hours.ts';
import { restored, storedOf } from '../../core/insight/state-text.ts';
import { DAY, everySo, openings, run } from './insight-minutes.ts';

const HOUR = 60;

/** The hours of days that pass undisturbed but at `at`. */
function daysOf(days: number, at: readonly number[] = []): string {
  let calm = NEVER_CALM;
  for (let minute = 1; minute < days * DAY; minute += 1) {
    calm = nextCalm(calm, minute, minute - 1);
    if (at.includes(minute)) calm = disturbed(calm, minute);
  }
  return calm;
}

test('an hour is calm after five days without a disturbance in it and the hours beside it', () => {
  assert.equal(isCalm(daysOf(4.5), 4.5 * DAY), false);
  const calm = daysOf(6.5, [5 * DAY + 9 * HOUR + 30]);
  const found = Array.from({ length: 24 }, (_, hour) => isCalm(calm, 6 * DAY + hour * HOUR));
  assert.deepEqual(
    found.flatMap((is, hour) => (is ? [] : [hour])),
    [8, 9, 10],
  );
});

test('days are counted up to what a character holds, and no further', () => {
  const calm = daysOf(120);
  assert.equal(calm.length, 24);
  assert.ok(isCalm(calm, 120 * DAY));
});

const REGULAR = everySo(100, 480, 20, (n) => [0, 2, -3, 1, -1][n % 5]!);
/** A door for four minutes at 10:00, at noon and at 15:00 of each day: the hours between and beside are not calm. */
const doors = (minute: number) => {
  const since = Math.min(
    ...[600, 720, 900].map((start) => (minute % DAY) - start).filter((each) => each >= 0),
  );
  return since < 4 ? 0.3 * (since + 1) : 0;
};
/** Half a degree in ten minutes, up to 1.4 °C. */
const rise = (begins: number) => (minute: number) =>
  doors(minute) + (minute < begins ? 0 : Math.min(1.4, (minute - begins) / 20));

test('at night a slow rise is announced sooner than at an hour of open doors, and no night before it', () => {
  const [night, noon] = [9 * DAY + 200, 9 * DAY + 700];
  const opened = [night, noon].map((begins) => {
    const { judged } = run(undefined, [0, begins + 90], { defrosts: REGULAR, added: rise(begins) });
    const found = openings(judged);
    assert.ok(found.length <= 1 && found.every((minute) => minute >= begins), String(found));
    return (found[0] ?? Infinity) - begins;
  });
  assert.ok(opened[0]! < opened[1]!, String(opened));
});

test('an item of before calm hours were learned is read, and learns them', () => {
  const { state } = run(undefined, [0, 3 * DAY], { defrosts: REGULAR });
  const { h, ...before } = storedOf(state);
  assert.equal(h, state.gate.calm);
  assert.equal(restored(before)!.gate.calm, NEVER_CALM);
  assert.equal(restored({ ...before, h: 'x' }), undefined);
});
