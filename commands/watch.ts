// `npm run watch [device]`: prints a line for each window as it closes, and for each change of an alert.

import { setTimeout as wait } from 'node:timers/promises';
import { inParallel } from '../core/in-parallel.ts';
import { printable } from '../core/channel-text.ts';
import { parseTimeText, shortTime } from '../core/time-text.ts';
import { openApi, stackFlags, stackUsage, type Api } from './api.ts';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';
import { painted } from './listing.ts';
import { own } from '../core/own.ts';

const USAGE = `usage: npm run watch [-- DEVICE ...] [--site SITE] [--from -5m]
                     [--metric NAME] [--format json]
       Prints a line for each window as it closes (lowest to highest value,
       number of readings) and for each change of an alert, until Ctrl-C.
       Without a device: the first 50 by name, with --site those of a site.
       --format json: one JSON object per line.
       ${stackUsage}`;

const MAX_DEVICES = 50;
const CALLS_AT_ONCE = 8;
const POLL_MS = 2_000;
/** Readings take a moment to reach their window. */
const SETTLING_MS = 2_000;
/** New devices are searched often right after the start and rarely later, because each search reads the devices table. */
const DEVICES_EVERY_MS = { first: POLL_MS, most: 32_000 };

interface Statistics {
  readonly min: number;
  readonly max: number;
}

interface WindowPage {
  readonly windows: readonly {
    readonly start: number;
    readonly end: number;
    readonly readings: number;
    readonly metrics: Readonly<Record<string, Statistics>>;
  }[];
  readonly units?: Readonly<Record<string, string>>;
}

interface Entry {
  readonly entryId: string;
  readonly at: number;
  readonly deviceId: string;
  readonly ruleId: string;
  readonly what: string;
  readonly value?: string;
  readonly limit?: string;
  readonly unit?: string;
  readonly severity?: string;
}

interface Line {
  readonly at: number;
  readonly text: string;
  readonly json: object;
}

const text = { type: 'string' } as const;
const FLAGS = {
  ...stackFlags,
  from: { ...text, default: '-1m' },
  metric: text,
  site: text,
  format: { ...text, default: 'text' },
} as const;

async function firstDevices(api: Api, site: string | undefined): Promise<string[]> {
  const { devices } = await api.call<{ devices: { deviceId: string }[] }>(['devices'], {
    query: { limit: 500, site },
  });
  const names = devices.map(({ deviceId }) => deviceId).sort();
  if (names.length > MAX_DEVICES)
    process.stderr.write(
      `showing ${MAX_DEVICES} of ${names.length} devices: name the ones that you want to see\n`,
    );
  return names.slice(0, MAX_DEVICES);
}

const withUnit = (value: string, unit: string) => `${value} ${unit}`.trimEnd();

interface Following {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly metric?: string | undefined;
}

/** Gives the windows of a device that closed since the last call. */
function createNextWindows(api: Api, { from, metric }: Following) {
  const shownUntil = new Map<string, number>();
  return async (deviceId: string): Promise<Line[]> => {
    const now = Date.now();
    const page = await api.call<WindowPage>(['devices', deviceId, 'windows'], {
      query: { from: shownUntil.get(deviceId) ?? from, to: now, metric, limit: 2000 },
    });
    const closed = page.windows.filter(
      ({ start, end }) => end + SETTLING_MS <= now && start >= (shownUntil.get(deviceId) ?? 0),
    );
    const last = closed.at(-1);
    if (last) shownUntil.set(deviceId, last.end);
    return closed.map((window) => {
      const metrics = Object.entries(window.metrics).map(([name, { min, max }]) => {
        const unit = own(page.units, name);
        return `${name} ${min === max ? min : `${min}..${max}`}${unit ? ` ${unit}` : ''}`;
      });
      const text = `${shortTime(window.start, now)}  ${deviceId}  ${metrics.join('  ')}  (${window.readings})`;
      return { at: window.end, text, json: { deviceId, ...window } };
    });
  };
}

/** Gives the changes of alerts of devices since the last call. */
function createNextAlerts(api: Api, { from }: Following) {
  const known = new Set<string>();
  let alertsFrom = from;
  return async (devices: ReadonlySet<string>): Promise<Line[]> => {
    const now = Date.now();
    const { entries } = await api.call<{ entries: Entry[] }>(['alerts', 'history'], {
      query: { from: alertsFrom, to: now + 1, limit: 1000 },
    });
    // Overlaps with the last call, to find entries that were written late; each is shown once.
    alertsFrom = Math.max(from, now - 60_000);
    const fresh = entries.filter(({ entryId, deviceId }) => !known.has(entryId) && devices.has(deviceId));
    for (const { entryId } of entries) known.add(entryId);
    return fresh.map((entry) => {
      const { what, deviceId, ruleId, at, value, limit, unit = '', severity } = entry;
      const values =
        value === undefined
          ? ''
          : ` at ${withUnit(value, unit)}${limit === undefined ? '' : `, limit ${withUnit(limit, unit)}`}`;
      const line = `${shortTime(at, now)}  ${deviceId}  ${(severity ?? 'alert').toUpperCase()} ${what}: ${ruleId}${values}`;
      return { at, text: painted(printable(line), what === 'cleared' ? 'green' : 'red'), json: entry };
    });
  };
}

/** Gives the lines that are new since the last call, oldest first. */
function createFollowing(api: Api, following: Following) {
  const nextWindows = createNextWindows(api, following);
  const nextAlerts = createNextAlerts(api, following);
  return async (devices: readonly string[]): Promise<Line[]> => {
    const lines: Line[] = await nextAlerts(new Set(devices));
    for (const found of await inParallel(devices, CALLS_AT_ONCE, nextWindows)) lines.push(...found);
    return lines.sort((a, b) => a.at - b.at);
  };
}

/** A wrong name ends the command instead of waiting for ever. */
async function checkDevices(api: Api, names: readonly string[], metric: string | undefined): Promise<void> {
  for (const name of names) {
    const { lastWindow } = await api.call<{ lastWindow?: { metrics: object } }>(['devices', name]);
    const metrics = Object.keys(lastWindow?.metrics ?? {});
    if (metric !== undefined && metrics.length > 0 && !metrics.includes(metric))
      process.stderr.write(
        `${name} did not send ${metric} in its last window; it sent ${metrics.join(', ')}\n`,
      );
  }
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (values.format !== 'text' && values.format !== 'json')
    throw new CommandError(`--format ${values.format}: must be text or json`);
  const found = parseTimeText(values.from, Date.now());
  if (!('ms' in found)) throw new CommandError(`--from ${values.from}: ${found.problem}`);
  if (values.site !== undefined && positionals.length > 0)
    throw new CommandError('name devices or a --site, not both');
  const api = await openApi(values);
  await checkDevices(api, positionals, values.metric);
  const next = createFollowing(api, { from: found.ms, metric: values.metric });
  let devices = positionals.length > 0 ? positionals : await firstDevices(api, values.site);
  const site = values.site === undefined ? '' : ` of site ${values.site}`;
  const what = devices.length === 1 ? devices[0] : `${devices.length} devices`;
  process.stderr.write(
    devices.length === 0
      ? `no device${site} has sent anything yet: waiting for the first, Ctrl-C ends\n`
      : `watching ${what}, Ctrl-C ends\n`,
  );
  let listed = { at: Date.now(), forMs: DEVICES_EVERY_MS.first };
  for (;;) {
    for (const { text, json } of await next(devices))
      process.stdout.write(`${values.format === 'json' ? JSON.stringify(json) : text}\n`);
    await wait(POLL_MS);
    if (positionals.length === 0 && Date.now() - listed.at >= listed.forMs) {
      devices = await firstDevices(api, values.site);
      const { first, most } = DEVICES_EVERY_MS;
      listed = { at: Date.now(), forMs: devices.length === 0 ? first : Math.min(2 * listed.forMs, most) };
    }
  }
}

process.on('SIGINT', () => process.exit(0));
await runCommand(main);
