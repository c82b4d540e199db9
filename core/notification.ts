// What people read: each channel gets the essentials first, within its own limits, and nothing a device chose can disturb it.

import type { Notification } from './alert.ts';

export interface NotificationText {
  /** Under 100 printable ASCII characters, beginning with a letter, as SNS wants a Subject. */
  readonly subject: string;
  readonly email: string;
  /** Under 160 characters that GSM-7 carries in one unit each, so one SMS part. */
  readonly sms: string;
}

const SUBJECT_LENGTH = 99;
const SMS_LENGTH = 159;
const SMS_NAME_LENGTH = 40;
/** Separators, controls and marks that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

const WORDS = {
  raised: { head: 'ALARM', above: 'above', below: 'below' },
  worsened: { head: 'WORSE', above: 'above', below: 'below' },
  eased: { head: 'BETTER', above: 'back below', below: 'back above' },
  cleared: { head: 'OK', above: 'back below', below: 'back above' },
} as const;

export function notificationText(notification: Notification): NotificationText {
  const { deviceId, site, value, limit, severity, windowStart } = notification;
  const words = WORDS[notification.transition];
  const figure = figureName(notification);
  const happened = `${figure} ${value} ${words[notification.side]} ${limit}`;
  const time = new Date(windowStart).toISOString();
  const lines = [
    `${words.head}: ${happened}`,
    '',
    `Device:   ${deviceId}`,
    `Site:     ${site}`,
    `Window:   ${time}`,
    `Value:    ${notification.stat} ${notification.metric ?? 'readings'}${notification.perMinute ? ' per minute' : ''} = ${value}`,
    `Limit:    ${words[notification.side]} ${limit}`,
    `Rule:     ${notification.ruleId} (${severity})`,
    `Alert:    ${notification.alertId}`,
  ];
  return {
    subject: ascii(`${words.head} ${severity}: ${happened} at ${site}/${deviceId}`).slice(0, SUBJECT_LENGTH),
    email: `${lines.map(printable).join('\n')}\n`,
    sms: gsm7(`${words.head} ${happened}, ${shorten(deviceId)} (${shorten(site)}), ${time}`).slice(
      0,
      SMS_LENGTH,
    ),
  };
}

/** Extremes go by the metric's name alone. */
function figureName({ metric, stat, perMinute }: Notification): string {
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
  return printable(text).replace(/[^ -~]/gu, '?');
}

/** GSM-7 sends brackets, braces, backslash, caret, bar and tilde as two units, and has no backtick. */
function gsm7(text: string): string {
  return ascii(text).replace(/[[\]{}\\^|~`]/g, '?');
}

function shorten(name: string): string {
  return name.length <= SMS_NAME_LENGTH ? name : `${name.slice(0, SMS_NAME_LENGTH - 2)}..`;
}
