// `npm run limit -- temperature-high 6`: shows the limits of the alert rules, or changes one.

import { decimalFromText, decimalText } from '../core/decimal.ts';
import { judgedMetricOf, LIMITS, type RuleData } from '../core/rule-data.ts';
import { openApi, stackFlags, stackUsage, type Api } from './api.ts';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';
import { formatOf, FORMATS, listing, type Column } from './listing.ts';

const USAGE = `usage: npm run limit
         lists the rules and their limits
       npm run limit -- RULE NUMBER [--severity LEVEL]
         changes the limit of a rule; its clear limit moves along
       npm run limit -- RULE above|below NUMBER
         for a rule with both limits
       npm run limit -- RULE --reset
         restores the template's rule
       Shows what the new limit would have sent over the last 24 hours;
       --dry-run changes nothing.
       --format ${FORMATS.join('|')}.
       ${stackUsage}`;

type Side = 'above' | 'below';
type Limits = { readonly [Name in (typeof LIMITS)[number]]?: number };

const CLEARS: Readonly<Record<Side, 'clearBelow' | 'clearAbove'>> = {
  above: 'clearBelow',
  below: 'clearAbove',
};

function limitText(limits: Limits): string {
  return LIMITS.flatMap((name) => (limits[name] === undefined ? [] : [`${name} ${limits[name]}`])).join(', ');
}

function otherKindText({ noDataFor, offlineFor, predicted, unusual }: RuleData): string {
  if (predicted) return `predicted ${limitText(predicted)}`;
  if (unusual) return 'unusual';
  return noDataFor === undefined ? `offlineFor ${offlineFor}` : `noDataFor ${noDataFor}`;
}

const COLUMNS: readonly Column<RuleData>[] = [
  { title: 'rule', value: ({ id }) => id, isWhole: true },
  { title: 'judges', value: (rule) => [rule.stat, judgedMetricOf(rule)].filter(Boolean).join(' ') },
  {
    title: 'limits',
    value: (rule) =>
      rule.levels?.map((level) => `${level.severity}: ${limitText(level)}`).join('; ') ??
      (limitText(rule) || otherKindText(rule)),
    isWhole: true,
  },
  { title: 'severity', value: ({ severity = 'major', levels }) => (levels ? '' : severity) },
  { title: 'sent by', value: ({ channels = ['email'] }) => channels.join(', ') },
  { title: 'enabled', value: ({ enabled }) => (enabled === false ? 'no' : 'yes') },
];

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;
const FLAGS = {
  ...stackFlags,
  severity: TEXT,
  reset: FLAG,
  'dry-run': FLAG,
  format: { ...TEXT, default: 'table' },
} as const;

/** The limits with one changed; the clear limit keeps its distance. */
function moved<Of extends Limits>(limits: Of, side: Side, to: string): Of {
  const value = decimalFromText(to);
  const clearing = CLEARS[side];
  const [before, clear] = [limits[side], limits[clearing]].map((each) =>
    each === undefined ? undefined : decimalFromText(String(each)),
  );
  if (value === undefined) throw new CommandError(`${to}: must be a number such as 6 or -0.5`);
  const shift =
    before === undefined || clear === undefined
      ? {}
      : { [clearing]: Number(decimalText(clear + value - before)) };
  return { ...limits, [side]: Number(decimalText(value)), ...shift };
}

function sideOf(rule: string, limits: Limits, wanted: string | undefined): Side {
  const has = (['above', 'below'] as const).filter((side) => limits[side] !== undefined);
  if (wanted !== undefined) {
    const found = has.find((side) => side === wanted);
    if (found) return found;
    throw new CommandError(`rule ${rule} has no limit ${wanted}; it has ${limitText(limits) || 'none'}`);
  }
  if (has.length === 1) return has[0]!;
  throw new CommandError(
    has.length === 0
      ? `rule ${rule} has no limit above or below to move`
      : `rule ${rule} has two limits (${limitText(limits)}): say limit ${rule} above NUMBER, or below NUMBER`,
  );
}

function changed(rule: RuleData, words: readonly string[], severity: string | undefined): RuleData {
  const [side, to] = words.length === 1 ? [undefined, words[0]!] : [words[0], words[1]!];
  if (!rule.levels) {
    if (severity !== undefined) throw new CommandError(`rule ${rule.id} has one level: leave --severity out`);
    return moved(rule, sideOf(rule.id, rule, side), to.trim());
  }
  const names = rule.levels.map((level) => level.severity).join(', ');
  if (!rule.levels.some((level) => level.severity === severity))
    throw new CommandError(`rule ${rule.id} has several levels: say which with --severity (${names})`);
  const levels = rule.levels.map((level) =>
    level.severity === severity ? moved(level, sideOf(rule.id, level, side), to.trim()) : level,
  );
  return { ...rule, levels };
}

async function dryRun(api: Api, { id, ...body }: RuleData): Promise<string> {
  interface Sent {
    readonly notifications: readonly { readonly transition: string; readonly deviceId: string }[];
    readonly devices: number;
  }
  const { notifications, devices } = await api.call<Sent>(['rules', id, 'dry-run'], { method: 'POST', body });
  const raised = notifications.filter(({ transition }) => transition === 'raised');
  const about = new Set(raised.map(({ deviceId }) => deviceId)).size;
  return `${raised.length} alert${raised.length === 1 ? '' : 's'} about ${about} of ${devices} devices`;
}

async function move(
  api: Api,
  id: string,
  words: readonly string[],
  flags: { severity?: string | undefined; 'dry-run': boolean },
) {
  const rule = await api.call<RuleData>(['rules', id]);
  const next = changed(rule, words, flags.severity);
  const [was, would] = await Promise.all([dryRun(api, rule), dryRun(api, next)]);
  const { id: _, ...body } = next;
  const { warnings = [] } = flags['dry-run']
    ? {}
    : await api.call<{ warnings?: string[] }>(['rules', id], { method: 'PUT', body });
  const shown = (each: RuleData) => COLUMNS[2]!.value(each);
  print([
    `${id}: ${shown(rule)} -> ${shown(next)}`,
    `over the last 24 hours: ${was} before, ${would} with the new limit`,
    flags['dry-run'] ? 'nothing was changed' : 'takes effect within 30 seconds',
    ...warnings,
  ]);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  const [id, ...words] = positionals;
  if (values.help) {
    print([USAGE]);
    return 0;
  }
  const format = formatOf(values.format);
  if (id !== undefined && !values.reset && words.length === 0)
    throw new CommandError(`say the new limit, such as npm run limit -- ${id} 6; ${USAGE}`);
  if (words.length > (values.reset ? 0 : 2))
    throw new CommandError(`${words.at(-1)}: too many arguments; ${USAGE}`);
  const api = await openApi(values);
  if (id === undefined) {
    const { rules } = await api.call<{ rules: RuleData[] }>(['rules']);
    print(listing(rules, COLUMNS, { format }));
  } else if (values.reset) {
    await api.call(['rules', id], { method: 'DELETE' });
    print([`${id}: the template's rule takes effect within 30 seconds`]);
  } else {
    await move(api, id, words, values);
  }
  return 0;
}

await runCommand(main);
