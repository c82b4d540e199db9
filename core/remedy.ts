// What to do about a rejected reading: one sentence for each reason, without anything from the payload.

import type { RejectionReason } from './reading.ts';

const REMEDIES: Readonly<Record<RejectionReason, string>> = {
  'timestamp-type': 'send timestamp as epoch milliseconds or ISO 8601 text, or leave it out',
  'timestamp-format':
    'send timestamp as ISO 8601 such as 2026-11-29T13:45:00Z, or as epoch seconds or milliseconds',
  'timestamp-not-positive': "set the device's clock before it sends a timestamp, or leave the timestamp out",
  'timestamp-out-of-range': 'send timestamp as epoch milliseconds',
  'too-late': "set the device's clock, or raise MaxLatenessDays",
  'too-far-ahead': "set the device's clock, or raise MaxSkewSeconds",
  'not-json-object':
    'send a JSON object such as {"temperature": 4.2}, or a bare number with the metric as last topic level',
  'bad-context': 'publish on telemetry/<site>/<thing name>',
  'readings-not-array': 'send readings as an array of objects',
  'no-readings': 'send at least one reading in readings',
  'too-many-readings': 'send at most 1000 readings in one message',
  'reading-not-object': 'send each reading as an object',
  'no-metrics':
    'send at least one number; npm run reading -- explain FILE --topic TOPIC shows what was skipped and why',
  'mapping-failed':
    'correct the mapping; npm run reading -- explain FILE --topic TOPIC --mapping MAPPING tries one on a payload',
  'window-full':
    'send fewer readings a second: a window takes at most 2000 a second of its length, and 100,000 in all',
};

export const remedyFor = (reason: RejectionReason): string => REMEDIES[reason];
