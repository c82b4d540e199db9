// `npm run alerts`: lists active alerts and their history, acknowledges alerts, and snoozes devices.

import { userInfo } from 'node:os';
import { durationOf } from '../core/duration.ts';
import { localText, parseTimeText, shortTime } from '../core/time-text.ts';
import { openApi, stackFlags, stackUsage, type Api } from './api.ts';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';
import { formatOf, FORMATS, listing, type Colour, type Column, type Format } from './listing.ts';

const USAGE = `usage: npm run alerts
         lists active alerts, the most severe first, and snoozed devices
       npm run alerts -- history [DEVICE] [--from -1d]
         the alert history, oldest first
       npm run alerts -- ack DEVICE [RULE] [COMMENT]
         acknowledges all alerts of the device, or one
       npm run alerts -- snooze DEVICE 2h [COMMENT]
         sends nothing about the device for a span, or until a time
       npm run alerts -- unsnooze DEVICE
       --format ${FORMATS.join('|')}.
       ${stackUsage}
       Exit code 2 on errors.`;

interface Alert {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly state: string;
  readonly severity?: string;
  readonly since?: number;
  readonly value: string;
  readonly unit?: string;
  readonly acknowledged?: { readonly by: string; readonly comment?: string };
}

interface Entry {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly at: number;
  readonly what: string;
  readonly severity?: string;
  readonly value?: string;
  readonly limit?: string;
  readonly unit?: string;
  readonly by?: string;
  readonly comment?: string;
  /** Why a notification was not delivered. */
  readonly reason?: string;
}

interface Snooze {
  readonly deviceId: string;
  readonly until: number;
  readonly by?: string;
  readonly comment?: string;
}

/** An alert, with the end of its device's snooze. */
type ActiveAlert = Alert & { readonly snoozedUntil?: number };

const SEVERITIES = ['critical', 'major', 'minor', 'warning'];
const COLOURS: Readonly<Record<string, Colour>> = {
  critical: 'red',
  major: 'red',
  minor: 'yellow',
  warning: 'yellow',
};
const colour = ({ severity }: { readonly severity?: string }) => COLOURS[severity ?? ''];
const withUnit = ({
  value,
  unit,
}: {
  readonly value?: string | undefined;
  readonly unit?: string | undefined;
}) => (value === undefined ? undefined : [value, unit].join(' ').trim());

const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

/** Shows the last part of the key's name; for a shared key, the comment says who used it. */
const remark = ({ by, comment }: { readonly by?: string; readonly comment?: string }) =>
  [by?.split(/[:/]/).at(-1), comment].filter(Boolean).join(': ');

const ALERT_COLUMNS: readonly Column<ActiveAlert>[] = [
  { title: 'severity', value: ({ severity }) => severity, colour },
  { title: 'device', value: ({ deviceId }) => deviceId, isWhole: true },
  { title: 'rule', value: ({ ruleId }) => ruleId, isWhole: true },
  {
    title: 'since',
    value: ({ since }) => since && shortTime(since, Date.now()),
    csv: ({ since }) => iso(since),
  },
  { title: 'value', value: withUnit, csv: ({ value }) => value },
  { title: 'acknowledged by', value: ({ acknowledged }) => acknowledged && remark(acknowledged) },
  {
    title: 'snoozed until',
    value: ({ snoozedUntil }) => snoozedUntil && shortTime(snoozedUntil, Date.now()),
    csv: ({ snoozedUntil }) => iso(snoozedUntil),
  },
];

const ENTRY_COLUMNS: readonly Column<Entry>[] = [
  { title: 'time', value: ({ at }) => shortTime(at, Date.now()), csv: ({ at }) => iso(at) },
  {
    title: 'what',
    value: ({ what }) => what,
    colour: (entry) => (entry.what === 'cleared' ? 'green' : colour(entry)),
  },
  { title: 'device', value: ({ deviceId }) => deviceId, isWhole: true },
  { title: 'rule', value: ({ ruleId }) => ruleId, isWhole: true },
  { title: 'value', value: withUnit, csv: ({ value }) => value },
  { title: 'limit', value: ({ limit, unit }) => withUnit({ value: limit, unit }), csv: ({ limit }) => limit },
  { title: 'by', value: remark },
  { title: 'reason', value: ({ reason }) => reason },
];

const text = { type: 'string' } as const;
const FLAGS = {
  ...stackFlags,
  from: { ...text, default: '-7d' },
  to: { ...text, default: 'now' },
  format: { ...text, default: 'table' },
} as const;

function timeOf(option: string, text: string): number {
  const found = parseTimeText(text, Date.now());
  if ('ms' in found) return found.ms;
  throw new CommandError(`${option} ${text}: ${found.problem}`);
}

/** Adds the user's name to the comment: the API only knows the key, which several people may share. */
function remarkOf(words: readonly string[]): string {
  return [...words, `(${userInfo().username})`].join(' ');
}

const snoozeLine = (snooze: Snooze) =>
  `snoozed ${snooze.deviceId} until ${localText(snooze.until)}${remark(snooze) && ` by ${remark(snooze)}`}`;

async function list(api: Api, format: Format): Promise<void> {
  const { alerts, isComplete } = await api.call<{ alerts: Alert[]; isComplete: boolean }>(['alerts'], {
    query: { limit: 1000 },
  });
  const { snoozes } = await api.call<{ snoozes: Snooze[] }>(['snoozes']);
  const ends = new Map(snoozes.map(({ deviceId, until }) => [deviceId, until]));
  const rank = ({ severity }: Alert) => SEVERITIES.indexOf(severity ?? '');
  alerts.sort((a, b) => rank(a) - rank(b) || (a.since ?? 0) - (b.since ?? 0));
  const active = alerts.map((alert): ActiveAlert => {
    const snoozedUntil = ends.get(alert.deviceId);
    return snoozedUntil === undefined ? alert : { ...alert, snoozedUntil };
  });
  if (alerts.length === 0 && format === 'table') print(['no active alerts']);
  else print(listing(active, ALERT_COLUMNS, { format }));
  const named = new Set(alerts.map(({ deviceId }) => deviceId));
  // Only in a table: other rows would break programs that read CSV or JSON.
  if (format === 'table') print(snoozes.filter(({ deviceId }) => !named.has(deviceId)).map(snoozeLine));
  if (!isComplete) process.stderr.write('there are more alerts than these; only the first 1000 are shown\n');
}

async function history(
  api: Api,
  deviceId: string | undefined,
  flags: { from: string; to: string },
  format: Format,
) {
  const path = [...(deviceId === undefined ? [] : ['devices', deviceId]), 'alerts', 'history'];
  const span = { from: timeOf('--from', flags.from), to: timeOf('--to', flags.to) };
  const entries: Entry[] = [];
  let next: string | undefined;
  do {
    const page: { entries: Entry[]; next?: string } = await api.call(path, {
      query: { ...span, limit: 1000, next },
    });
    entries.push(...page.entries);
    next = page.next;
  } while (next !== undefined);
  // A deleted device may have a history.
  if (entries.length === 0 && deviceId !== undefined) await api.call(['devices', deviceId]);
  if (entries.length === 0 && format === 'table') print(['no alert history in that time']);
  else print(listing(entries.reverse(), ENTRY_COLUMNS, { format }));
}

async function acknowledge(api: Api, deviceId: string, [ruleId, ...words]: readonly string[]) {
  const { alerts } = await api.call<{ alerts: Alert[] }>(['devices', deviceId, 'alerts']);
  const active = alerts.filter(({ state }) => state === 'alarm' || state === 'acknowledged');
  const chosen = active.filter((alert) => ruleId === undefined || alert.ruleId === ruleId);
  if (chosen.length === 0) {
    const others = active.map((alert) => alert.ruleId).join(', ');
    throw new CommandError(
      `${deviceId} has no active alert${ruleId === undefined ? '' : ` of rule ${ruleId}`}${others && `; it has ${others}`}`,
    );
  }
  for (const alert of chosen) {
    const path = ['devices', deviceId, 'alerts', alert.ruleId, 'acknowledge'];
    await api.call(path, { method: 'POST', body: { comment: remarkOf(words) } });
    print([`acknowledged ${alert.ruleId} of ${deviceId}: no more reminders until it gets worse or is over`]);
  }
}

async function snooze(api: Api, deviceId: string, [span, ...words]: readonly string[]) {
  if (span === undefined) throw new CommandError(`say for how long, such as snooze ${deviceId} 2h`);
  const length = durationOf(span);
  await api.call(['devices', deviceId]); // rejects an unknown device
  if (length === undefined && /^-?\d+[a-z]*$/i.test(span))
    throw new CommandError(`snooze ${span}: is not a span such as 30m, 2h or 1d`);
  const until = length === undefined ? timeOf('snooze until', span) : Date.now() + length;
  await api.call(['devices', deviceId, 'snooze'], {
    method: 'PUT',
    body: { until, comment: remarkOf(words) },
  });
  print([`snoozed ${deviceId} until ${localText(until)}: alerts still active then are sent then`]);
}

async function unsnooze(api: Api, deviceId: string) {
  await api.call(['devices', deviceId]);
  await api.call(['devices', deviceId, 'snooze'], { method: 'DELETE' });
  print([`alerts of ${deviceId} are sent again`]);
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  const [command = 'list', deviceId, ...rest] = positionals;
  if (values.help) {
    print([USAGE]);
    return 0;
  }
  const changes = { ack: acknowledge, acknowledge, snooze, unsnooze };
  if (command !== 'list' && command !== 'history' && !Object.hasOwn(changes, command))
    throw new CommandError(`unknown command ${command}; ${USAGE}`);
  const format = formatOf(values.format);
  const surplus = { list: positionals.slice(1), history: rest, unsnooze: rest }[command] ?? [];
  if (surplus.length > 0) throw new CommandError(`${command} does not take ${surplus.join(' ')}; ${USAGE}`);
  const api = await openApi(values);
  if (command === 'list') await list(api, format);
  else if (command === 'history') await history(api, deviceId, values, format);
  else if (deviceId === undefined) throw new CommandError(`say which device; ${USAGE}`);
  else await changes[command as keyof typeof changes](api, deviceId, rest);
  return 0;
}

await runCommand(main);
