// Many notifications in as many mails as it takes, so that each device is named; one text message says how many and where.

import { SEVERITIES, type Channel, type Severity } from './alert-rule.ts';
import type { Notification } from './alert-state.ts';
import { ascii, gsm7, printable, shorten, SMS_LENGTH, SUBJECT_LENGTH } from './channel-text.ts';
import { happening, headOf, zoneOf, type NotificationText, type TextSettings } from './notification.ts';
import { alertListLink } from './page-link.ts';
import { zonedText } from './time-text.ts';

/** One publish. */
export interface Digest {
  /** The worst first, then by site; what is of one alert in order. */
  readonly notifications: readonly Notification[];
  readonly channels: readonly Channel[];
  /** Which of several mails, from 1, and how many notifications all of them name. */
  readonly part?: { readonly number: number; readonly of: number; readonly total: number };
  /** The text message beside several mails, which name what it counts. */
  readonly isSummary?: true;
}

/** Of one mail: far below the 256 KB that SNS takes, as the text is there twice, and the names once more to filter by. */
const MAX_MAIL_BYTES = 48_000;
const SMS: Channel = 'sms';
/** Its name in a text, GMT+5:45, is longer than almost any. */
const LONGEST_ZONE = 'Asia/Kathmandu';

/**
 * The digests of these notifications, which go to the same channels: those of each alert oldest first. Several mails have
 * one text message, sent before them.
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

/** The sites that most alerts are of, as many as there is room for, and the link where that fits too. */
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
  // A link that something is cut from or replaced in leads nowhere.
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

/** All changes of one alert stand together, below the worst that it was. */
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

/** An alert is in one mail. Its changes are few: those that nobody was told of are folded. */
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

/** As SNS counts: in a text within JSON, with the comma or the end of line. */
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
