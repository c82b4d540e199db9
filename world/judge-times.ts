// Checks that alerts are raised and announced in time, and that no minute has more of them than the rate limit allows.

import type { Evidence } from '../bench/chaos/evidence.ts';
import type { Mail } from '../bench/chaos/left-texts.ts';
import type { Recomputed } from '../bench/chaos/recompute.ts';
import type { Disturbance } from '../bench/chaos/verdict.ts';
import type { Finding } from './finding.ts';

const RULE = 'temperature-high';
const MINUTE_MS = 60_000;
/** A claim of a sender that was slow ends after one minute, and the sweep sends a minute later; clocks step by half of one. */
const ANNOUNCE_MS = 4 * MINUTE_MS;
/** An event is tried again after one and two minutes, and then the sweep judges. */
const RECOVER_MS = 6 * MINUTE_MS;
/** Times of the machine's clock differ by its steps. */
const CLOCK_MS = MINUTE_MS;
/** What was admitted at the end of a minute may be sent at the beginning of the next. */
const SPILL_MS = 2_000;

/** The time by which something must have happened that was due from `at` on: disturbances put it off. */
function deadlineOf(at: number, ms: number, disturbances: readonly Disturbance[]): number {
  let deadline = at + ms;
  for (const { from, to } of disturbances)
    if (to >= at - RECOVER_MS && from <= deadline) deadline = Math.max(deadline, to + RECOVER_MS);
  return deadline + CLOCK_MS;
}

const isDigest = ({ subject }: Mail) => subject.startsWith('DIGEST') || /\(\d+ changes\)/.test(subject);
const names = ({ text }: Mail, device: string) => text.includes(device);

function lateMails({ history, mails }: Evidence, disturbances: readonly Disturbance[]): Finding[] {
  return history
    .filter(({ ruleId, what }) => ruleId === RULE && what === 'raised')
    .flatMap(({ entryId, deviceId, at }) => {
      const due = deadlineOf(at, ANNOUNCE_MS, disturbances);
      const announcing = mails.filter(
        (mail) =>
          mail.text.includes(entryId) ||
          (isDigest(mail) && names(mail, deviceId) && mail.at >= at - CLOCK_MS),
      );
      const first = Math.min(...announcing.map((mail) => mail.at));
      if (announcing.length === 0 || first <= due) return []; // a missing mail is another finding
      const seconds = Math.round((first - at) / 1000);
      return [{ kind: 'late-mail', text: `${deviceId}: alert ${entryId} was announced after ${seconds} s` }];
    });
}

/** The first alert of each device: later windows may be those of an alert that is active. */
function lateAlerts(
  { history }: Evidence,
  { windows }: Recomputed,
  disturbances: readonly Disturbance[],
): Finding[] {
  const firstHot = new Map<string, number>();
  for (const { deviceId, hotAt } of windows.values())
    if (hotAt !== undefined) firstHot.set(deviceId, Math.min(hotAt, firstHot.get(deviceId) ?? Infinity));
  return [...firstHot].flatMap(([device, hotAt]) => {
    const raised = history.filter(
      ({ deviceId, ruleId, what }) => deviceId === device && ruleId === RULE && what === 'raised',
    );
    const first = Math.min(...raised.map(({ at }) => at));
    if (raised.length === 0 || first <= deadlineOf(hotAt, ANNOUNCE_MS, disturbances)) return [];
    return [
      {
        kind: 'late-alert',
        text: `${device}: raised ${Math.round((first - hotAt) / 1000)} s after its reading`,
      },
    ];
  });
}

/**
 * Mails by minute, as the rate limit admitted them: those of the first seconds of a minute count in the one before as far
 * as that had room.
 */
function admitted(mails: readonly Mail[], perMinute: number): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const times = mails.map(({ at }) => at).sort((a, b) => a - b);
  for (const at of times) {
    const minute = Math.floor(at / MINUTE_MS);
    const before = counts.get(minute - 1) ?? 0;
    const isSpilled = at - minute * MINUTE_MS < SPILL_MS && before < perMinute;
    const counted = isSpilled ? minute - 1 : minute;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }
  return counts;
}

/** Of mails for one alert; digests come on top. */
function beyondLimit(
  { mails }: Evidence,
  perMinute: number,
  disturbances: readonly Disturbance[],
): Finding[] {
  const single = mails.filter((mail) => !isDigest(mail) && /^Alert: /m.test(mail.text));
  return [...admitted(single, perMinute)].flatMap(([minute, count]) => {
    const [from, to] = [minute * MINUTE_MS, (minute + 1) * MINUTE_MS];
    const isDisturbed = disturbances.some(
      (each) => each.from <= to + MINUTE_MS && each.to + MINUTE_MS >= from - MINUTE_MS,
    );
    if (count <= perMinute || isDisturbed) return [];
    const text = `${count} mails in the minute from ${new Date(from).toISOString()}, and ${perMinute} are allowed`;
    return [{ kind: 'rate-limit', text }];
  });
}

/** @param disturbances by the machine's clock, its steps included */
export const judgeTimes = (
  evidence: Evidence,
  expected: Recomputed,
  disturbances: readonly Disturbance[],
  perMinute: number,
): Finding[] => [
  ...lateMails(evidence, disturbances),
  ...lateAlerts(evidence, expected, disturbances),
  ...beyondLimit(evidence, perMinute, disturbances),
];
