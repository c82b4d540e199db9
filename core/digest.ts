// Packs many notifications into a few mails that name each device, and one text message with counts and sites.

import { SEVERITIES, type Channel, type Severity } from './alert-rule.ts';
import type { Notification } from './alert-state.ts';
import { ascii, gsm7, printable, shorten, SMS_LENGTH, SUBJECT_LENGTH } from './channel-text.ts';
import { happening, headOf, zoneOf, type NotificationText, type TextSettings } from './notification.ts';
import { alertListLink } from './page-link.ts';
import { zonedText } from './time-text.ts';

/** One publish to SNS. */
export interface Digest {
  /** The worst first, then by site; the changes of one alert stay in order. */
  readonly notifications: readonly Notification[];
  readonly channels: readonly Channel[];
  /** Position among several mails, from 1, and how many notifications all of them name. */
  readonly part?: { readonly number: number; readonly of: number; readonly total: number };
  /** The text message that accompanies several mails; the mails name what it counts. */
  readonly isSummary?: true;
}

/** Of one mail. Far below the 256 KB limit of SNS, because a message has the text twice and the names once more as attributes. */
const MAX_MAIL_BYTES = 48_000;
const SMS: Channel = 'sms';
/** Its short name, GMT+5:45, is longer than almost any other. */
const LONGEST_ZONE = 'Asia/Kathmandu';

/**
 * The digests of notifications that all go to the same channels; each alert's notifications are given oldest first.
 * If there are several mails, they share one text message, which is sent before them.
 */
export function digestsOf(alerts: readonly (readonly Notification[])[]): Digest[] {
  const sorted = alerts.filter((each) => each.length > 0).toSorted(byUrgency);
  const all = sorted.flat();
  const [first] = all;
  if (!first) return [];
  const { channels } = first;
  const parts = split(sorted);
  if (parts.length === 1) return [{ notifications: all, channels }];
  const others = channels.filter((channel) => channel !== SMS);
  if (others.length === 0) return [{ notifications: all, channels }];
  const mails = parts.map((notifications, index) => ({
    ...{ notifications, channels: others, part: { number: index + 1, of: parts.length, total: all.length } },
  }));
  const isTexted = others.length < channels.length;
  return isTexted ? [{ notifications: all, channels: [SMS], isSummary: true }, ...mails] : mails;
}

export function digestText({ notifications, part }: Digest, settings: TextSettings): NotificationText {
  const counts = countBy(notifications, headOf);
  const summary = counts.map(([head, count]) => `${count} ${head}`).join(', ');
  const count = part ? `${notifications.length} of ${part.total}` : String(notifications.length);
  const total = `${count} ${count === '1' ? 'alert' : 'alerts'} in a minute`;
  const mail = part ? ` (mail ${part.number} of ${part.of})` : '';
  const link = settings.page === '' ? undefined : alertListLink(settings.page, notifications);
  const lines = [
    ...[`${total}: ${summary}${mail}`, '', ...sections(notifications, settings.timeZone)],
    ...(link === undefined ? [] : ['', `See: ${link}`]),
  ];
  return {
    subject: ascii(`DIGEST ${total}${mail}: ${summary}`).slice(0, SUBJECT_LENGTH),
    email: `${lines.map(printable).join('\n')}\n`,
    sms: textMessage(`DIGEST ${total}: ${summary}`, notifications, link),
  };
}

/** Names the sites with the most alerts, as many as fit, and adds the link if that fits too. */
function textMessage(head: string, notifications: readonly Notification[], link = ''): string {
  const sites = countBy(notifications, ({ site }) => shorten(site))
    .filter(([site]) => site !== '')
    .sort(([, a], [, b]) => b - a)
    .map(([site]) => site);
  const placed = (shown: number) => {
    const rest = sites.length - shown;
    const more = rest > 0 ? ` and ${rest} more ${rest === 1 ? 'site' : 'sites'}` : '';
    return gsm7(`${head}${shown > 0 ? ` at ${sites.slice(0, shown).join(', ')}` : ''}${more}`);
  };
  const ending = ` ${gsm7(link)}`;
  const fits = (text: string, end: string) => text.length + end.length <= SMS_LENGTH;
  // A link that is cut or has replaced characters does not work.
  const end =
    link !== '' && gsm7(link) === link && fits(placed(Math.min(1, sites.length)), ending) ? ending : '';
  let shown = Math.min(1, sites.length);
  while (shown < sites.length && fits(placed(shown + 1), end)) shown += 1;
  return `${placed(shown)}${end}`.slice(0, SMS_LENGTH);
}

function sections(notifications: readonly Notification[], timeZone: string): string[] {
  const lines: string[] = [];
  let section: string | undefined;
  const alerts = Map.groupBy(notifications, ({ ruleId, deviceId, site }) =>
    [ruleId, deviceId, site].join('\n'),
  );
  for (const alert of alerts.values()) {
    const next = sectionOf(alert);
    if (next !== section) lines.push(...(section === undefined ? [] : ['']), next);
    section = next;
    lines.push(...alert.map((notification) => lineOf(notification, timeZone)));
  }
  return lines;
}

/** All changes of one alert stay together, in the section of the worst severity that it had. */
function sectionOf(alert: readonly Notification[]): string {
  const { site } = alert[0]!;
  return `${SEVERITIES[worst(alert)]}, ${site === '' ? 'no site' : site}:`;
}

function lineOf(notification: Notification, timeZone: string): string {
  const { severity, site, deviceId, since, folded } = notification;
  const changes = folded ? ` (${folded.changes} changes)` : '';
  const time = zonedText(since, zoneOf(notification, { timeZone }));
  return `${headOf(notification)} ${severity}: ${happening(notification)}${changes} at ${site}/${deviceId}, since ${time}`;
}

/** Each alert goes into one mail. It has few changes, because pending ones are folded. */
function split(alerts: readonly (readonly Notification[])[]): Notification[][] {
  const parts: Notification[][] = [];
  let [room, section] = [-1, ''];
  for (const alert of alerts) {
    const next = sectionOf(alert);
    const own = alert
      .map((each) => bytesOf(lineOf(each, LONGEST_ZONE)) + bytesOf(each.ruleId))
      .reduce((sum, bytes) => sum + bytes);
    const cost = own + (next === section ? 0 : bytesOf(next) + 3);
    if (cost > room) {
      parts.push([]);
      room = MAX_MAIL_BYTES - bytesOf(next) - own;
    } else {
      room -= cost;
    }
    section = next;
    parts.at(-1)!.push(...alert);
  }
  return parts;
}

/** As SNS counts: as a JSON string, with the comma or line break. */
const bytesOf = (text: string) => Buffer.byteLength(JSON.stringify(printable(text))) + 3;

function byUrgency(a: readonly Notification[], b: readonly Notification[]): number {
  const [first, second] = [a[0]!, b[0]!];
  return worst(b) - worst(a) || compare(first.site, second.site) || compare(first.deviceId, second.deviceId);
}

const worst = (notifications: readonly Notification[]) =>
  Math.max(...notifications.map(({ severity }) => rank(severity)));
const rank = (severity: Severity) => SEVERITIES.indexOf(severity);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function countBy(
  notifications: readonly Notification[],
  keyOf: (notification: Notification) => string,
): [key: string, count: number][] {
  const groups = Map.groupBy(notifications, keyOf);
  return [...groups].map(([key, found]) => [key, found.length]);
}
