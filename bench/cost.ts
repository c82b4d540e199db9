// `npm run cost -- --devices N --rate R --mode direct|stream`: the monthly bill by service, and the savings of each alternative.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Prices } from './bill-parts.ts';
import { billOf, type Bill } from './bill.ts';
import type { Fleet } from './bill-assumptions.ts';
import { measureFleet } from './measured-fleet.ts';

const usage = `usage: npm run cost -- --devices N --rate R [--mode direct|stream]
                       [--basic-ingest] [--pack K] [--window-seconds 10]
                       [--batching-seconds 60] [--shards N]
       npm run cost -- --measured [--seconds 30] [--data-dir DIR] [...]
       R: readings per second and device. --measured takes devices, rate, pack
       and writes from the running local cloud.`;

const OPTIONS = {
  devices: { type: 'string' },
  rate: { type: 'string' },
  mode: { type: 'string', default: 'direct' },
  'basic-ingest': { type: 'boolean', default: false },
  pack: { type: 'string', default: '1' },
  'batching-seconds': { type: 'string', default: '60' },
  shards: { type: 'string' },
  'window-seconds': { type: 'string', default: '10' },
  measured: { type: 'boolean', default: false },
  seconds: { type: 'string', default: '30' },
  'data-dir': { type: 'string', default: '.tidegate' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @returns undefined for --help */
async function readFleet(args: readonly string[]): Promise<Fleet | undefined> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return undefined;
  const number = (
    name: 'devices' | 'rate' | 'pack' | 'batching-seconds' | 'shards' | 'window-seconds' | 'seconds',
    least: number,
    isWhole: boolean,
  ) => {
    const value = Number(values[name]?.trim() || NaN);
    if (value >= least && value <= 1e9 && (!isWhole || Number.isInteger(value))) return value;
    throw new Error(`--${name} must be ${isWhole ? 'a whole number' : 'a number'} from ${least} on`);
  };
  const { mode } = values;
  if (mode !== 'direct' && mode !== 'stream') throw new Error('--mode must be direct or stream');
  const stack = {
    mode,
    basicIngest: values['basic-ingest'],
    windowSeconds: number('window-seconds', 1, true),
    batchingSeconds: number('batching-seconds', 0, true),
    ...(values.shards !== undefined && { shards: number('shards', 1, true) }),
  } as const;
  if (!values.measured) {
    const pack = number('pack', 1, true);
    return { ...stack, devices: number('devices', 1, true), rate: number('rate', 0.0001, false), pack };
  }
  return { ...stack, ...(await measureFleet(values['data-dir'], number('seconds', 1, true))) };
}

const money = (dollars: number) => dollars.toFixed(2).padStart(12);
const short = (value: number) => String(Number(value.toPrecision(3)));
const describe = ({ mode, basicIngest, pack, windowSeconds }: Fleet) =>
  [
    mode,
    ...(basicIngest ? ['Basic Ingest'] : []),
    ...(pack > 1 ? [`${short(pack)} readings a message`] : []),
    ...(windowSeconds === 10 ? [] : [`windows of ${windowSeconds} s`]),
  ].join(', ');

/** Alternative ways to run the same fleet, without the current one, to which alone the measured writes apply. */
function othersOf(present: Fleet): Fleet[] {
  const fleet: Fleet = { ...present, writesPerReading: undefined };
  const choices: Fleet[] = [
    { ...fleet, mode: fleet.mode === 'direct' ? 'stream' : 'direct' },
    { ...fleet, basicIngest: !fleet.basicIngest },
    { ...fleet, pack: fleet.pack === 1 ? 10 : 1 },
    { ...fleet, windowSeconds: fleet.windowSeconds === 10 ? 60 : 10 },
    { ...fleet, mode: 'stream', basicIngest: true, pack: Math.max(10, fleet.pack) },
  ];
  const seen = new Set([describe(fleet)]);
  return choices.filter((choice) => !seen.has(describe(choice)) && seen.add(describe(choice)));
}

function print(fleet: Fleet, bill: Bill, prices: Prices): void {
  const text: string[] = [];
  const out = (line = '') => void text.push(line);
  out(
    `${fleet.devices} device${fleet.devices === 1 ? '' : 's'}, ${short(fleet.rate)} readings a second each; ${describe(fleet)}`,
  );
  out(
    `${(bill.readings / 1e6).toFixed(1)} million readings in ${(bill.messages / 1e6).toFixed(1)} million messages a month`,
  );
  out();
  for (const { service, what, dollars } of bill.lines)
    out(`${money(dollars)}  ${service.padEnd(11)} ${what}`);
  out(`${money(bill.total)}  USD a month, ${(bill.total / fleet.devices).toFixed(4)} a device`);
  const { ingest, storage, fixed } = bill.perMillion;
  out(`${money(ingest + storage + fixed)}  USD per million readings:`);
  out(
    `${money(ingest)}    for ingest, ${storage.toFixed(2)} for storage, ${fixed.toFixed(2)} for an idle stack`,
  );
  const measured = fleet.writesPerReading === undefined ? '' : ', measured';
  out(`${bill.writesPerReading.toFixed(3).padStart(12)}  table writes per reading${measured}`);
  out();
  out('Alternatives for this fleet:');
  for (const other of othersOf(fleet)) {
    const { total, perMillion } = billOf(other, prices);
    const saved = bill.total - total;
    const change = `${saved >= 0 ? 'saves' : 'costs'} ${Math.abs(saved).toFixed(2)} ${saved >= 0 ? '' : 'more '}a month`;
    out(
      `${money(total)}  ${describe(other)}: ${change}; ${perMillion.ingest.toFixed(2)} per million for ingest`,
    );
  }
  out();
  out(`Prices of ${prices.date} from bench/prices.json. Assumed:`);
  for (const assumption of bill.assumptions) out(`- ${assumption}`);
  process.stdout.write(`${text.join('\n')}\n`);
}

process.stdout.on('error', () => {}); // the reader may close the pipe, as `head` does
try {
  const prices = JSON.parse(readFileSync(new URL('prices.json', import.meta.url), 'utf8')) as Prices;
  const fleet = await readFleet(process.argv.slice(2));
  if (fleet) print(fleet, billOf(fleet, prices), prices);
  else process.stdout.write(`${usage}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message.split('\n')[0]}\n${usage}\n`);
  process.exitCode = 1;
}
