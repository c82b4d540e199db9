// The state of each device in the fleet view, and the view's headline.

import type { Alert, Device, Rule } from './api-types.ts';
import { capital, countText, nameText, numberText, plural } from './format.ts';
import { channelOf, isSilenceRule, type Limit } from './rules.ts';

export type State = 'alarm' | 'ack' | 'silent' | 'pending' | 'ok';

/** A device that sends nothing for longer than this counts as silent, even if no rule says so. */
export const QUIET_MS = 120_000;

export interface Status {
  readonly state: State;
  /** The worst active alert, if any. */
  readonly alert?: Alert;
}

const RANK: Readonly<Record<State, number>> = { alarm: 0, silent: 1, pending: 2, ack: 3, ok: 4 };
export const byUrgency = (a: Status, b: Status) => RANK[a.state] - RANK[b.state];

/**
 * @param alerts the device's active alerts, the worst first
 * @param isBeyond whether the newest value is beyond an innermost limit
 */
export function statusOf(
  alerts: readonly Alert[],
  rules: ReadonlyMap<string, Rule>,
  silentFor: number | undefined,
  isBeyond: boolean,
): Status {
  const open = alerts.find(({ state }) => state === 'alarm');
  const alert = open ?? alerts[0];
  if (alert && isSilenceRule(rules.get(alert.ruleId))) return { state: 'silent', alert };
  if (open) return { state: 'alarm', alert: open };
  if (silentFor !== undefined && silentFor > QUIET_MS) return { state: 'silent', ...(alert && { alert }) };
  if (alert) return { state: 'ack', alert };
  return { state: isBeyond ? 'pending' : 'ok' };
}

export function isBeyond(value: number | undefined, limits: readonly Limit[]): boolean {
  const { low, high } = channelOf(limits);
  if (value === undefined) return false;
  return (high !== undefined && value > high) || (low !== undefined && value < low);
}

/**
 * The word for a state, such as `Too warm` for a temperature above its limit. It is `Alarm` while an alarm is active
 * but the newest value is within the limits again.
 */
export function wordOf(state: State, value?: number, limits: readonly Limit[] = [], metric = ''): string {
  const isHigh = isBeyond(value, limits) ? value! > (channelOf(limits).high ?? Infinity) : undefined;
  const isHeat = /temp/i.test(metric);
  if (state === 'alarm') {
    if (isHigh === undefined) return 'Alarm';
    if (isHeat) return isHigh ? 'Too warm' : 'Too cold';
    return isHigh ? 'Too high' : 'Too low';
  }
  return { ack: 'Acknowledged', silent: 'Silent', pending: 'About to alarm', ok: 'In limits' }[state];
}

export interface Finding {
  readonly heading: string;
  readonly lede: string;
}

type Member = Status & { readonly device: Device };

const NOUN = 'device';

function wellText(well: number, all: number, places: string): string {
  if (well === all && all > 1) return `All ${countText(all)}${places} are within their limits.`;
  const [are, their] = well === 1 ? ['is', 'its'] : ['are', 'their'];
  return `${capital(countText(well))} of ${countText(all)}${places} ${are} within ${their} limits.`;
}

/** The headline, which says what is wrong, and a sentence with the number of devices within their limits. */
export function findingOf(members: readonly Member[], sees: { readonly alerts: boolean }): Finding {
  const count = (state: State) => members.filter((member) => member.state === state).length;
  const [alarms, silent, pending, acked] = [count('alarm'), count('silent'), count('pending'), count('ack')];
  const parts = [
    ...(alarms > 0
      ? [
          `${plural(alarms, NOUN)} ${alarms === 1 ? 'is' : 'are'} outside ${alarms === 1 ? 'its' : 'their'} limits`,
        ]
      : []),
    ...(silent > 0
      ? [`${alarms > 0 ? countText(silent) : plural(silent, NOUN)} ${silent === 1 ? 'is' : 'are'} silent`]
      : []),
  ];
  const sites = new Set(members.map(({ device }) => device.site ?? '')).size;
  const well = members.length - alarms - silent - pending - acked;
  const places = sites > 1 ? ` at ${plural(sites, 'site')}` : '';
  const rest =
    acked > 0 ? ` ${capital(plural(acked, 'alert'))} ${acked === 1 ? 'is' : 'are'} acknowledged.` : '';
  const soon = members.find(({ state }) => state === 'pending');
  const next = soon ? ` ${nameText(soon.device.deviceId)} has just left its limits.` : '';
  if (!sees.alerts) {
    return {
      heading:
        silent > 0
          ? `${capital(plural(silent, NOUN))} ${silent === 1 ? 'is' : 'are'} silent.`
          : `${capital(plural(members.length, NOUN))} ${members.length === 1 ? 'reports' : 'report'}.`,
      lede: 'You are viewing as a guest. Log in to see alerts and limits.',
    };
  }
  return {
    heading: parts.length > 0 ? `${capital(parts.join(', '))}.` : 'All is well.',
    lede: `${wellText(well, members.length, places)}${next}${rest}`,
  };
}

/** An alert in words, such as `Above 8 °C`. */
export function alertText(alert: Alert, rule: Rule | undefined): string {
  if (alert.words !== undefined) return capital(alert.words);
  if (rule?.noDataFor !== undefined) return 'No data';
  if (rule?.offlineFor !== undefined) return 'Not connected';
  const value = Number(alert.value);
  const limits = rule ? [rule, ...(rule.levels ?? [])] : [];
  const above = limits.map(({ above }) => above).filter((limit) => limit !== undefined);
  const below = limits.map(({ below }) => below).filter((limit) => limit !== undefined);
  const unit = alert.unit === undefined ? '' : ` ${alert.unit}`;
  const text = (limit: number) => `${numberText(limit, alert.unit, true)}${unit}`;
  const crossed = above.filter((limit) => value > limit).at(-1);
  if (crossed !== undefined) return `Above ${text(crossed)}`;
  const under = below.filter((limit) => value < limit).at(-1);
  if (under !== undefined) return `Below ${text(under)}`;
  if (above[0] !== undefined && below.length === 0) return `Above ${text(above[0])}`;
  if (below[0] !== undefined && above.length === 0) return `Below ${text(below[0])}`;
  return `Rule ${alert.ruleId}`;
}

/** Whether a device matches the search and the filters. */
export function isShown(
  { device, state }: Member,
  { q = '', site, show, type }: Readonly<Record<string, string | undefined>>,
): boolean {
  const text = `${device.deviceId} ${nameText(device.deviceId)} ${device.site ?? ''} ${device.type ?? ''}`;
  return (
    text.toLowerCase().includes(q.trim().toLowerCase()) &&
    (!site || device.site === site) &&
    (!type || device.type === type) &&
    (show !== 'attention' || state !== 'ok')
  );
}
