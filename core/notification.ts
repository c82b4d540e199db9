// What people read: each channel gets the essentials first, within its own limits, and nothing a device chose can disturb it.

import type { Notification, Transition } from './alert-state.ts';
import { durationText } from './duration.ts';
import { asciiUnits } from './unit.ts';

export interface NotificationText {
  /** Under 100 printable ASCII characters, beginning with a letter, as SNS wants a Subject. */
  readonly subject: string;
  readonly email: string;
  /** Characters that GSM-7 carries in one unit each; under 160 with the topic's display name before them, so one SMS part. */
  readonly sms: string;
}

const SUBJECT_LENGTH = 99;
/** SNS begins a text with up to ten characters of the topic's display name and `> `. */
const SMS_LENGTH = 159 - 12;
const SMS_NAME_LENGTH = 40;
/** Of a digest: the rest is counted. */
const MAX_NAMED = 100;
/** Separators, controls and marks that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

const BEYOND = { above: 'above', below: 'below' } as const;
const BACK = { above: 'back below', below: 'back above' } as const;
const WORDS: Readonly<
  Record<Transition, { readonly head: string; readonly above: string; readonly below: string }>
> = {
  raised: { head: 'ALARM', ...BEYOND },
  worsened: { head: 'WORSE', ...BEYOND },
  eased: { head: 'BETTER', ...BACK },
  cleared: { head: 'OK', ...BACK },
  repeated: { head: 'STILL', ...BEYOND },
  escalated: { head: 'UNACKNOWLEDGED', ...BEYOND },
  ended: { head: 'ENDED', ...BEYOND },
};
const NOTES: Partial<Readonly<Record<Transition, string>>> = {
  repeated: 'Nobody has acknowledged this alert yet.',
  escalated: 'Nobody has acknowledged this alert in time.',
  ended: 'Its rule was removed, switched off or does not match the device any more.',
};

/** `page`: address of the dashboard, without a slash at its end; the mail links to the device there. */
export function notificationText(notification: Notification, page: string): NotificationText {
  const { deviceId, site, severity, windowStart, since, transition } = notification;
  const { head } = WORDS[transition];
  const happened = happening(notification);
  const time = new Date(windowStart).toISOString();
  const note = NOTES[transition];
  const lines = [
    `${head}: ${happened}`,
    ...(note === undefined ? [] : [note]),
    '',
    `Device:   ${deviceId}`,
    `Site:     ${site}`,
    `Since:    ${new Date(since).toISOString()}`,
    ...details(notification),
    `Rule:     ${notification.ruleId} (${severity})`,
    `Alert:    ${notification.alertId}`,
    `See:      ${page}/?device=${encodeURIComponent(deviceId.toWellFormed())}`,
  ];
  return {
    subject: ascii(`${head} ${severity}: ${happened} at ${site}/${deviceId}`).slice(0, SUBJECT_LENGTH),
    email: `${lines.map(printable).join('\n')}\n`,
    sms: gsm7(`${head} ${happened}, ${shorten(deviceId)} (${shorten(site)}), ${time}`).slice(0, SMS_LENGTH),
  };
}

/** Many notifications in one: how many, the worst first. */
export function digestText(notifications: readonly Notification[], page: string): NotificationText {
  const counts = new Map<string, number>();
  for (const { transition } of notifications) {
    const { head } = WORDS[transition];
    counts.set(head, (counts.get(head) ?? 0) + 1);
  }
  const summary = [...counts].map(([head, count]) => `${count} ${head}`).join(', ');
  const total = `${notifications.length} ${notifications.length === 1 ? 'alert' : 'alerts'} in a minute`;
  const named = notifications.slice(0, MAX_NAMED).map((notification) => {
    const { transition, severity, site, deviceId, since } = notification;
    const time = new Date(since).toISOString();
    return `${WORDS[transition].head} ${severity}: ${happening(notification)} at ${site}/${deviceId}, since ${time}`;
  });
  const rest = notifications.length - named.length;
  const lines = [
    `${total}: ${summary}`,
    '',
    ...named,
    ...(rest > 0 ? [`... and ${rest} more`] : []),
    '',
    `See: ${page}/`,
  ];
  const devices = [...new Set(notifications.map(({ deviceId }) => shorten(deviceId)))].join(', ');
  return {
    subject: ascii(`DIGEST ${total}: ${summary}`).slice(0, SUBJECT_LENGTH),
    email: `${lines.map(printable).join('\n')}\n`,
    sms: gsm7(`DIGEST ${total}: ${summary}: ${devices}`).slice(0, SMS_LENGTH),
  };
}

/** Such as "temperature 9.5 above 8". */
function happening(notification: Notification): string {
  const { transition, value, limit } = notification;
  if (notification.absence) {
    const isBack = transition === 'cleared';
    const gone = notification.absence === 'silent' ? ['no data', 'data again'] : ['offline', 'online again'];
    return `${isBack ? gone[1] : gone[0]} ${isBack ? 'after' : 'for'} ${spanText(value)}`;
  }
  const unit = unitText(notification);
  return `${figureName(notification)} ${value}${unit} ${WORDS[transition][notification.side]} ${limit}${unit}`;
}

function details(notification: Notification): string[] {
  const { transition, value, limit, windowStart } = notification;
  const time = new Date(windowStart).toISOString();
  if (notification.absence)
    return [`Last:     ${time}`, `Gone:     ${spanText(value)}`, `Limit:    ${spanText(limit)}`];
  const { stat, metric = 'readings', perMinute, side } = notification;
  return [
    `Window:   ${time}`,
    `Value:    ${stat} ${metric}${perMinute ? ' per minute' : ''} = ${value}${unitText(notification)}`,
    `Limit:    ${WORDS[transition][side]} ${limit}${unitText(notification)}`,
  ];
}

const unitText = ({ unit }: Notification) => (unit === undefined ? '' : ` ${unit}`);

/** Nobody wants to know the seconds of an hour. */
function spanText(seconds: string): string {
  const [span, minute] = [Number(seconds), 60];
  return durationText((span < 2 * minute ? span : Math.floor(span / minute) * minute) * 1000);
}

/** Extremes go by the metric's name alone. */
function figureName({ metric, stat, perMinute }: Notification & { readonly absence?: undefined }): string {
  const name = metric ?? 'readings';
  const figure = metric === undefined || stat === 'min' || stat === 'max' ? name : `${stat} ${name}`;
  return perMinute ? `${figure} per minute` : figure;
}

/** Escapes what would act instead of being read. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(UNPRINTABLE, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

function ascii(text: string): string {
  return printable(asciiUnits(text)).replace(/[^ -~]/gu, '?');
}

/** GSM-7 sends brackets, braces, backslash, caret, bar and tilde as two units, and has no backtick. */
function gsm7(text: string): string {
  return ascii(text).replace(/[[\]{}\\^|~`]/g, '?');
}

function shorten(name: string): string {
  return name.length <= SMS_NAME_LENGTH ? name : `${name.slice(0, SMS_NAME_LENGTH - 2)}..`;
}
