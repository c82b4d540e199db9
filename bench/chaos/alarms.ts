// A simple model of the default rule: every device that was too warm must have been announced, and one that still is must be in alarm.

import type { Evidence, HistoryLine } from './evidence.ts';
import type { Mail } from './left-texts.ts';
import type { ExpectedWindow, Recomputed } from './recompute.ts';
import type { Disturbance, Finding } from './verdict.ts';

/** The rule that the parameter MaxTemperature creates. */
const RULE = 'temperature-high';
/** How far an email's time may differ from the transition's, since the run moves the stack's clock. */
const TOLERANCE_MS = 60_000;

export interface AlarmVerdict {
  readonly findings: readonly Finding[];
  readonly figures: Readonly<Record<string, number>>;
}

export function judgeAlarms(
  { alerts, history, mails }: Evidence,
  { windows }: Recomputed,
  disturbances: readonly Disturbance[],
): AlarmVerdict {
  const ofRule = history.filter(({ ruleId }) => ruleId === RULE);
  const byDevice = Map.groupBy(windows.values(), ({ deviceId }) => deviceId);
  const inAlarm = devicesInAlarm(alerts);
  const repeated = judgeRepeated(mails, disturbances);
  const findings: Finding[] = [];
  let [hotWindows, raisedAgain] = [0, 0];
  for (const [deviceId, all] of byDevice) {
    if (!all.some(({ isHot }) => isHot)) continue;
    const judged = judgeDevice({
      windows: all,
      lines: ofRule.filter((line) => line.deviceId === deviceId).sort(byWindow),
      mails: mails.filter((mail) => names(mail, deviceId)),
      isInAlarm: inAlarm.has(deviceId),
    });
    hotWindows += judged.hotWindows;
    raisedAgain += judged.raisedAgain;
    for (const why of judged.missed) findings.push({ kind: 'missed-alarm', text: `${deviceId}: ${why}` });
  }
  for (const { deviceId, ruleId } of alerts.filter(({ isPending }) => isPending)) {
    findings.push({ kind: 'pending', text: `${deviceId}: rule ${ruleId} still has something to send` });
  }
  return {
    findings: [...findings, ...repeated.findings],
    figures: {
      'windows above the limit': hotWindows,
      'raised again by the window that cleared': raisedAgain,
      'alerts raised': ofRule.filter(({ what }) => what === 'raised').length,
      mails: mails.length,
      'mails sent again after a crash': repeated.explained,
    },
  };
}

const devicesInAlarm = (alerts: Evidence['alerts']): ReadonlySet<string> =>
  new Set(
    alerts
      .filter(({ ruleId, state }) => ruleId === RULE && ['alarm', 'acknowledged'].includes(state))
      .map(({ deviceId }) => deviceId),
  );

/** What was missed of a device that had a window above the limit. */
function judgeDevice({
  windows,
  lines,
  mails,
  isInAlarm,
}: {
  readonly windows: readonly ExpectedWindow[];
  /** The rule's history of the device, in its order. */
  readonly lines: readonly HistoryLine[];
  /** The mails that name the device. */
  readonly mails: readonly Mail[];
  readonly isInAlarm: boolean;
}) {
  const hot = windows.filter(({ isHot }) => isHot);
  const missed: string[] = [];
  if (mails.length === 0) missed.push(`${hot.length} windows above the limit and no mail names it`);
  for (const { windowStart } of hot)
    if (!isCovered(windowStart, lines)) missed.push(`nothing was raised for window ${windowStart}`);
  const cleared = new Set(lines.filter(({ what }) => what === 'cleared').map((line) => line.windowStart));
  const raised = lines.filter(({ what }) => what === 'raised');
  for (const line of raised)
    if (!isAnnounced(line, mails))
      missed.push(`no mail of the alert of window ${line.windowStart ?? '?'} (${line.entryId})`);
  if (newest(windows).isHot && !isInAlarm) missed.push('its last window is hot, its state is not alarm');
  const raisedAgain = raised.filter(({ windowStart }) => cleared.has(windowStart)).length;
  return { missed, hotWindows: hot.length, raisedAgain };
}

/**
 * Transitions in the order in which they were decided. A rule's transitions have increasing windows, and a window
 * that both cleared an alert and raised it again cleared it first. Times are not reliable, since the run moves the
 * clock back.
 */
const byWindow = (a: HistoryLine, b: HistoryLine) =>
  (a.windowStart ?? 0) - (b.windowStart ?? 0) ||
  Number(a.what !== 'cleared') - Number(b.what !== 'cleared') ||
  a.at - b.at;
const newest = (windows: readonly ExpectedWindow[]) =>
  windows.reduce((last, window) => (window.windowStart > last.windowStart ? window : last));

/**
 * Whether an alert was active at the window, or was raised by it or a newer one. After a crash events arrive in any
 * order, and only windows newer than the last transition, or the one that cleared it, raise an alert.
 */
function isCovered(windowStart: number, history: readonly HistoryLine[]): boolean {
  let isStanding = false;
  for (const { what, windowStart: at = 0, changes = 1 } of history) {
    if (at >= windowStart && (what === 'raised' || changes > 1)) return true;
    if (at > windowStart) return isStanding;
    if (what === 'raised') isStanding = true;
    if (what === 'cleared' || what === 'ended') isStanding = false;
  }
  return isStanding;
}

/** Whether it was announced: in its own email, in a digest that names the device, or as one of many changes. */
function isAnnounced({ entryId }: HistoryLine, naming: readonly Mail[]): boolean {
  return naming.some(
    ({ subject, text }) =>
      text.includes(entryId) || subject.startsWith('DIGEST') || /\(\d+ changes\)/.test(subject),
  );
}

function names({ text }: Mail, deviceId: string): boolean {
  const name = deviceId.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^Device: +|/)${name}(?![\\w:-])`, 'm').test(text);
}

function repeatedMails(mails: readonly Mail[]) {
  const byAlert = new Map<string, number[]>();
  for (const { text, at } of mails) {
    const alertId = /^Alert: +(\S+)/m.exec(text)?.[1];
    if (alertId !== undefined) byAlert.set(alertId, [...(byAlert.get(alertId) ?? []), at]);
  }
  return [...byAlert]
    .filter(([, times]) => times.length > 1)
    .map(([alertId, times]) => ({ alertId, from: Math.min(...times), to: Math.max(...times) }));
}

/** Only a disturbance explains that an alert was mailed twice. */
function judgeRepeated(mails: readonly Mail[], disturbances: readonly Disturbance[]) {
  const repeated = repeatedMails(mails);
  const unexplained = repeated.filter(
    ({ from, to }) => !disturbances.some((each) => touches(each, from, to)),
  );
  const findings = unexplained.map(
    ({ alertId }) => ({ kind: 'repeated-mail', text: `alert ${alertId} was mailed twice` }) as const,
  );
  return { findings, explained: repeated.length - unexplained.length };
}

const touches = (disturbance: Disturbance, from: number, to: number) =>
  disturbance.from <= to + TOLERANCE_MS && disturbance.to >= from - TOLERANCE_MS;
