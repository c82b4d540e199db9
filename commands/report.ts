// `npm run report`: writes the monthly report of a device, a site or a group for inspectors, as HTML to print, CSV or JSON.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMonth } from '../core/month.ts';
import { reportSheet, type SheetDevice } from '../core/report-sheet.ts';
import { openApi, stackFlags, stackUsage, type Api } from './api.ts';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';
import { sealedIn, verified } from './verify-report.ts';

const USAGE = `usage: npm run report -- --site SITE --month 2026-11 --out report.html
       --device NAME, --site, --group, --type: which devices; * matches any
       text.
       --month: by default this month. --metric NAME: by default a temperature.
       --out: .html to print, .csv or .json; by default HTML to standard output.
       --audit: first compares the windows of the month with the local cloud's
       archive (npm run audit); the report shows the result.
       --verify FILE: compares a .json or .html report with today's report, by
       its seal.
       ${stackUsage}
       Exit code 0; 1 if the audit or the comparison finds a difference; 2 on
       errors.`;

const text = { type: 'string' } as const;
const FLAGS = {
  ...stackFlags,
  ...{ device: text, site: text, group: text, type: text, month: text, metric: text, out: text },
  verify: text,
  audit: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseFlags<typeof FLAGS>>['values'];

const STYLE = path.resolve(import.meta.dirname, '../core/report-sheet.css');
const FORMATS = ['.html', '.csv', '.json'];
/** Messages older than this are in the archive, which lags by 300 s. */
const ARCHIVED_AFTER_MS = 600_000;

async function devicesOf(
  api: Api,
  query: Readonly<Record<string, string | undefined>>,
): Promise<SheetDevice[]> {
  const found: SheetDevice[] = [];
  let next: string | undefined;
  do {
    const page: { devices: SheetDevice[]; next?: string } = await api.call(['reports'], {
      query: { ...query, next },
    });
    found.push(...page.devices);
    next = page.next;
  } while (next !== undefined);
  if (found.length === 0) throw new CommandError('no device matches: npm run device -- list shows all');
  return found;
}

async function csvOf(api: Api, query: Readonly<Record<string, string | undefined>>, ids: readonly string[]) {
  const tables: string[] = [];
  for (const device of ids) {
    const table = await api.text(['reports', 'csv'], {
      query: { ...query, device, site: undefined, group: undefined, type: undefined },
    });
    tables.push(tables.length === 0 ? table : table.slice(table.indexOf('\n') + 1));
  }
  return tables.join('');
}

/**
 * Compares the windows of these devices' months with the archive, as far as it goes, and records the result; true if all
 * agree.
 */
function runAudit(devices: readonly SheetDevice[], values: Values, now: number): boolean {
  if (values['api-url'] !== undefined)
    throw new CommandError(
      '--audit checks the local cloud; on AWS copy the archive and run npm run audit --history-table, which records what it finds',
    );
  const from = Math.min(...devices.map((device) => device.from));
  const to = Math.min(
    Math.max(...devices.map((device) => device.to)),
    Math.floor((now - ARCHIVED_AFTER_MS) / 60_000) * 60_000,
  );
  const program = path.resolve(import.meta.dirname, '../audit/main.ts');
  const span = ['--from', iso(from), '--to', iso(to)];
  // Reports are made from windows, so the parsed archive need not be checked.
  const args = [program, '--local', '--data-dir', values['data-dir'], '--no-parsed', ...span];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0 && status !== 1) throw new CommandError(`--audit: ${stderr.trim().split('\n')[0]}`);
  return status === 0;
}

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (positionals.length > 0) throw new CommandError(`${positionals[0]}: is not an option; ${USAGE}`);
  if (values.verify !== undefined) return verify(values.verify, values);
  const { device, site, group, type, metric, out } = values;
  const now = Date.now();
  const { month = new Date(now).toISOString().slice(0, 7) } = values;
  if (!isMonth(month)) throw new CommandError(`--month ${month}: must be a month such as 2026-11`);
  const format = out === undefined ? '.html' : path.extname(out).toLowerCase();
  if (!FORMATS.includes(format)) throw new CommandError(`--out ${out}: must end in .html, .csv or .json`);
  const api = await openApi(values);
  const query = { month, metric, device, site, group, type };
  let devices = await devicesOf(api, query);
  const agrees = !values.audit || runAudit(devices, values, now);
  // Read again, because the report includes what the audit recorded.
  if (values.audit) devices = await devicesOf(api, query);
  const ids = devices.map(({ deviceId }) => deviceId);
  const made =
    format === '.csv'
      ? await csvOf(api, query, ids)
      : format === '.json'
        ? `${JSON.stringify({ madeAt: now, devices }, undefined, 2)}\n`
        : reportSheet(devices, readFileSync(STYLE, 'utf8'), { now });
  if (out === undefined) process.stdout.write(made);
  else {
    writeFileSync(out, made);
    const count = `${devices.length} ${devices.length === 1 ? 'device' : 'devices'}`;
    process.stdout.write(`${out}: ${count}, ${month}${values.audit ? `; ${auditText(devices)}` : ''}\n`);
  }
  return agrees ? 0 : 1;
}

/** The result of the audits of all devices. */
function auditText(devices: readonly SheetDevice[]): string {
  const spans = devices.flatMap(({ audit }) => audit.checked);
  const sum = (of: 'windows' | 'differing') => spans.reduce((total, span) => total + span[of], 0);
  return `${sum('windows')} windows compared with the archive, ${sum('differing')} differ`;
}

/** Prints a line for each device of the file. */
async function verify(file: string, values: Values): Promise<number> {
  const sealed = sealedIn(file);
  const api = await openApi(values);
  let code = 0;
  for (const one of sealed) {
    const { deviceId: device, month, metric } = one;
    const { devices }: { devices: SheetDevice[] } = await api.call(['reports'], {
      query: { device, month, metric },
    });
    const { isSame, text: found } = verified(one, devices[0]!);
    process.stdout.write(`${found}\n`);
    if (!isSame) code = 1;
  }
  return code;
}

await runCommand(main);
