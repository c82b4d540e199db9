// The text of notifications: the essentials first, within each channel's limits, and safe from names that devices chose.

import { acknowledging, adviceOf } from './advice.ts';
import type {
  SilenceFinding,
  InsightFinding,
  LimitFinding,
  Notification,
  Relation,
  Transition,
} from './alert-state.ts';
import { ascii, gsm7, printable, shorten, SMS_LENGTH, SUBJECT_LENGTH } from './channel-text.ts';
import { durationText } from './duration.ts';
import { deviceLink } from './page-link.ts';
import { recentValues } from './recent-values.ts';
import { zonedText } from './time-text.ts';
import type { Window } from './window.ts';

export interface NotificationText {
  /** Under 100 printable ASCII characters, beginning with a letter, as SNS requires of a Subject. */
  readonly subject: string;
  readonly email: string;
  /** Characters that GSM-7 carries in one unit each; under 160 including the topic's display name, so one SMS part. */
  readonly sms: string;
}

/** Settings for all texts of a stack. */
export interface TextSettings {
  /** Address of the dashboard, without a slash at its end; if empty, texts have no link. */
  readonly page: string;
  /** IANA name of the time zone for devices without one in the registry. */
  readonly timeZone: string;
}

type Of<Finding> = Notification & Finding;

const HEADS: Readonly<Record<Transition, string>> = {
  raised: 'ALARM',
  worsened: 'WORSE',
  eased: 'BETTER',
  cleared: 'OK',
  repeated: 'STILL',
  escalated: 'UNACKNOWLEDGED',
  ended: 'ENDED',
};
const NOTES: Partial<Readonly<Record<Transition, string>>> = {
  repeated: 'Nobody has acknowledged this alert yet.',
  escalated: 'Nobody has acknowledged this alert in time.',
  ended: 'Its rule was removed, switched off or does not match the device any more.',
};
const RULE_CHANGED = 'Its rule was changed since the last notification of this alert.';
const JUDGES_OTHERS = 'Its rule was changed and now judges something else.';

/** `recent`: the device's windows up to the one that decided, oldest first, if known. */
export function notificationText(
  notification: Notification,
  settings: TextSettings,
  recent: readonly Window[] = [],
): NotificationText {
  const { deviceId, site, severity, windowStart, folded, insight } = notification;
  const head = headOf(notification);
  const happened = happening(notification);
  const timeZone = zoneOf(notification, settings);
  const lines = [
    // If only the rule changed, nothing got worse or better: the severity is the news.
    `${head === 'NOW' ? `NOW ${severity}` : head}: ${happened}${insight ? ',' : ''} at ${site === '' ? '' : `${site}, `}${deviceId}`,
    ...notesOf(notification, timeZone),
    '',
    ...actionLines(notification, settings),
    '',
    ...factLines(notification, timeZone, recent),
  ];
  const changes = folded ? ` (${folded.changes} changes)` : '';
  const text = `${head === 'NOW' ? `NOW ${severity}:` : head} ${happened}${changes}`;
  // The mail has the seconds.
  const time = zonedText(windowStart, timeZone).replace(/:\d\d /, ' ');
  return {
    subject: ascii(`${head} ${severity}: ${briefly(notification)}${changes} at ${site}/${deviceId}`).slice(
      0,
      SUBJECT_LENGTH,
    ),
    email: `${lines.map(printable).join('\n')}\n`,
    sms: withLink(gsm7(`${text}, ${shorten(deviceId)} (${shorten(site)}), ${time}`), notification, settings),
  };
}

/** Adds the link if it fits: a link that is cut or has replaced characters does not work. */
function withLink(text: string, notification: Notification, { page }: TextSettings): string {
  const link = page === '' ? '' : ` ${deviceLink(page, notification)}`;
  const fits = gsm7(link) === link && text.length + link.length <= SMS_LENGTH;
  return fits ? `${text}${link}` : text.slice(0, SMS_LENGTH);
}

/** The time zone for texts about the device. */
export const zoneOf = ({ timeZone }: Notification, settings: Pick<TextSettings, 'timeZone'>): string =>
  timeZone ?? settings.timeZone;

function actionLines(notification: Notification, { page }: TextSettings): string[] {
  const acknowledge = acknowledging(notification);
  return [
    `To do:    ${adviceOf(notification)}`,
    ...(acknowledge === undefined ? [] : [`Ack:      ${acknowledge}`]),
    ...(page === '' ? [] : [`See:      ${deviceLink(page, notification)}`]),
  ];
}

function factLines(notification: Notification, timeZone: string, recent: readonly Window[]): string[] {
  const { deviceId, site, severity, since, windowStart, ruleId, alertId } = notification;
  const values = recentValues(notification, recent, timeZone);
  return [
    ...(values === undefined ? [] : [`Recent:   ${values}`]),
    ...details(notification, timeZone),
    `Since:    ${zonedText(since, timeZone)}`,
    `Device:   ${deviceId}`,
    `Site:     ${site}`,
    `Rule:     ${ruleId} (${severity})`,
    `Alert:    ${alertId}, ${new Date(windowStart).toISOString()}`,
  ];
}

/** The first word: NOW if a change of the rule, and not of the measured value, changed the alert. */
export function headOf({ transition, isRuleChanged }: Notification): string {
  const isAnother = isRuleChanged && (transition === 'worsened' || transition === 'eased');
  return isAnother ? 'NOW' : HEADS[transition];
}

/** Such as "temperature 9.5 above 8". */
export function happening(notification: Notification): string {
  if (notification.silence) return silenceText(notification);
  if (notification.insight) return insightText(notification);
  const value = shortly(notification);
  return `${statisticName(notification)} ${value}${unitText(notification)} ${comparison(notification)}`;
}

function notesOf(notification: Notification, timeZone: string): string[] {
  const { transition, isRuleChanged, folded, silence } = notification;
  const notes: string[] = [];
  if (isRuleChanged) notes.push(transition === 'ended' ? JUDGES_OTHERS : RULE_CHANGED);
  else if (NOTES[transition] !== undefined) notes.push(NOTES[transition]);
  if (silence && notification.metric !== undefined && transition !== 'cleared')
    notes.push(
      notification.isReporting
        ? 'The device still sends other metrics.'
        : 'The device sends nothing else either.',
    );
  if (folded) {
    const { changes, since, worst } = folded;
    notes.push(
      `This replaces ${changes} changes of the alert since ${zonedText(since, timeZone)}; the worst was ${worst}.`,
    );
  }
  return notes;
}

/** Three decimals, more than a sensor resolves, unless the value would then equal the limit; the details have all digits. */
function shortly({ value, limit }: Notification): string {
  if (!/\.\d{4}/.test(value)) return value;
  const short = String(Number(Number(value).toFixed(3)) || 0);
  return Number(short) === Number(limit) ? value : short;
}

/** The limit, and how the value compares to it. */
function comparison(notification: Of<LimitFinding>): string {
  const { side, value } = notification;
  const limit = `${notification.limit}${unitText(notification)}`;
  const back = `back ${side === 'above' ? 'below' : 'above'} ${limit}`;
  const relation = relationOf(notification);
  if (relation === 'beyond') return `${side} ${limit}`;
  if (relation === 'within') return `not ${side} ${limit}`;
  if (relation === 'lasting') return `not ${back}`;
  if (relation === 'returning') return `${back}, but not for long enough yet`;
  return value === notification.limit ? `back at ${limit}` : back;
}

/** Older notifications have no relation; it follows from their transition. */
function relationOf({ relation, transition }: Of<LimitFinding>): Relation {
  return relation ?? (transition === 'eased' || transition === 'cleared' ? 'back' : 'beyond');
}

function details(notification: Notification, timeZone: string): string[] {
  const { value, limit, windowStart } = notification;
  const time = zonedText(windowStart, timeZone);
  if (notification.silence)
    return [`Last:     ${time}`, `Gone:     ${spanText(value)}`, `Limit:    ${spanText(limit)}`];
  if (notification.insight) return insightDetails(notification, timeZone);
  const { stat, metric = 'readings', perMinute } = notification;
  return [
    `Value:    ${stat} ${metric}${perMinute ? ' per minute' : ''} = ${value}${unitText(notification)}`,
    `Limit:    ${comparison(notification)}`,
    `Window:   ${time}`,
  ];
}

const unitText = ({ unit }: Notification) => (unit === undefined ? '' : ` ${unit}`);

/** The part that fits a subject: for a prediction, when; for an unusual metric, what is unusual. */
function briefly(notification: Notification): string {
  if (!notification.insight) return happening(notification);
  const [first = '', second] = notification.words.split('; ');
  const isTime = notification.insight === 'predicted' && second !== undefined;
  const words = isTime ? second.replace(/ at (?:this rate|the trend of the last hours)$/, '') : first;
  return insightText({ ...notification, words });
}

/** Such as "temperature 6.4 °C, above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate". */
function insightText(notification: Of<InsightFinding>): string {
  const { metric, words } = notification;
  return `${metric} ${shortly(notification)}${unitText(notification)}, ${words}`;
}

function insightDetails(notification: Of<InsightFinding>, timeZone: string): string[] {
  const { metric, value, limit, side, insight, crossesAt, windowStart } = notification;
  const unit = unitText(notification);
  const usual =
    insight === 'predicted'
      ? `${side} ${limit}${unit}`
      : `usually ${side === 'above' ? 'up' : 'down'} to ${limit}${unit}`;
  return [
    `Value:    mean ${metric} of a minute = ${value}${unit}`,
    ...(limit === '' ? [] : [`Limit:    ${usual}`]),
    ...(crossesAt === undefined ? [] : [`Expected: ${zonedText(crossesAt, timeZone)}, at the present rate`]),
    `Minute:   ${zonedText(windowStart, timeZone)}`,
  ];
}

/** Such as "no data for 5m" or "temperature again after 5m". */
function silenceText({ transition, silence, metric, value }: Of<SilenceFinding>): string {
  const isBack = transition === 'cleared';
  const name = metric ?? 'data';
  const [gone, back] = silence === 'silent' ? [`no ${name}`, `${name} again`] : ['offline', 'online again'];
  return `${isBack ? back : gone} ${isBack ? 'after' : 'for'} ${spanText(value)}`;
}

/** From two minutes on, seconds are dropped. */
function spanText(seconds: string): string {
  const [span, minute] = [Number(seconds), 60];
  return durationText((span < 2 * minute ? span : Math.floor(span / minute) * minute) * 1000);
}

/** Minimum and maximum are named by the metric alone. */
function statisticName({ metric, stat, perMinute }: Of<LimitFinding>): string {
  const name = metric ?? 'readings';
  const statistic = metric === undefined || stat === 'min' || stat === 'max' ? name : `${stat} ${name}`;
  return perMinute ? `${statistic} per minute` : statistic;
}
