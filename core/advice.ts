// What the recipient of an alert should do: the rule's comment or the usual remedy, and how to acknowledge.

import type { InsightFinding, LimitFinding, Notification } from './alert-state.ts';
import { isSpellingOf } from './spelling.ts';

/** Such names need no quoting in a shell and cannot be mistaken for a flag. */
const PLAIN = /^\w[\w.:-]*$/;
const OVER: readonly Notification['transition'][] = ['cleared', 'ended'];

/** What to do, in one or two sentences: the rule's comment if it has one. */
export function adviceOf(notification: Notification): string {
  const { transition, comment } = notification;
  if (OVER.includes(transition)) return 'Nothing: this alert is over.';
  if (comment !== undefined && comment.trim() !== '') return comment.trim();
  if (notification.silence) return ofSilence(notification);
  return notification.insight ? ofOutlook(notification) : ofLimit(notification);
}

/** How to acknowledge the alert; undefined once it is over. */
export function acknowledging({ transition, deviceId, ruleId }: Notification): string | undefined {
  if (OVER.includes(transition)) return undefined;
  if (PLAIN.test(deviceId) && PLAIN.test(ruleId))
    return `npm run alerts -- ack ${deviceId} ${ruleId} (on AWS with --api-url and the stack's ApiUrl)`;
  const [device, rule] = [deviceId, ruleId].map((name) => encodeURIComponent(name.toWellFormed()));
  return `POST /devices/${device}/alerts/${rule}/acknowledge of the HTTP API`;
}

function ofSilence({ silence, metric, isReporting }: Extract<Notification, { silence: string }>): string {
  if (metric !== undefined && isReporting)
    return `Check what measures ${metric} at the device: the device itself works.`;
  if (silence === 'offline') return 'Check the power and the network of the device.';
  return 'Check the power and the network of the device, and whether it still sends.';
}

function ofOutlook({ insight, metric }: Notification & InsightFinding): string {
  if (!isSpellingOf('temperature', metric))
    return `Look at the device and at what it measures: its ${metric} is not as usual.`;
  return insight === 'predicted'
    ? 'Check the door, the cooling and what was put in last, and move the goods in time.'
    : 'Check the cooling and the sensor before it gets warm.';
}

function ofLimit({ metric, side, ruleId }: Notification & LimitFinding): string {
  if (metric === undefined)
    return `Check why the device sends ${side === 'above' ? 'more' : 'fewer'} readings than it should.`;
  if (isSpellingOf('temperature', metric))
    return side === 'above'
      ? 'Check the door, the cooling and what was put in last.'
      : 'Check the thermostat and, if there is one, the heating.';
  if (isSpellingOf('humidity', metric))
    return side === 'above'
      ? 'Check the door, the ventilation and whether there is water.'
      : 'Check the humidifier and the ventilation.';
  if (/batt/i.test(metric) && side === 'below')
    return 'Charge the battery of the device, or put in a new one.';
  return `Look at the device and at what it measures; rule ${ruleId} has the limit.`;
}
