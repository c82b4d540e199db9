// `npm run cost -- --devices N --rate R --mode direct|stream`: the monthly bill by service, and what each choice would save.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { billOf, type Bill, type Prices } from './bill.ts';
import type { Fleet } from './bill-assumptions.ts';

const usage =
  'usage: npm run cost -- --devices N --rate R [--mode direct|stream] [--basic-ingest] [--pack K] [--batching-seconds S] [--shards N]';

/** @returns undefined when help is asked for. */
function readFleet(args: readonly string[]): Fleet | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      devices: { type: 'string' },
      rate: { type: 'string' },
      mode: { type: 'string', default: 'direct' },
      'basic-ingest': { type: 'boolean', default: false },
      pack: { type: 'string', default: '1' },
      'batching-seconds': { type: 'string', default: '60' },
      shards: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const number = (
    name: 'devices' | 'rate' | 'pack' | 'batching-seconds' | 'shards',
    least: number,
    isWhole: boolean,
  ) => {
    const value = Number(values[name]?.trim() || NaN);
    if (value >= least && value <= 1e9 && (!isWhole || Number.isInteger(value))) return value;
    throw new Error(`--${name} must be ${isWhole ? 'a whole number' : 'a number'} from ${least} on`);
  };
  const { mode } = values;
  if (mode !== 'direct' && mode !== 'stream') throw new Error('--mode must be direct or stream');
  return {
    devices: number('devices', 1, true),
    rate: number('rate', 0.0001, false),
    mode,
    basicIngest: values['basic-ingest'],
    pack: number('pack', 1, true),
    batchingSeconds: number('batching-seconds', 0, true),
    ...(values.shards !== undefined && { shards: number('shards', 1, true) }),
  };
}

const money = (dollars: number) => dollars.toFixed(2).padStart(12);
const describe = ({ mode, basicIngest, pack }: Fleet) =>
  `${mode}${basicIngest ? ', Basic Ingest' : ''}${pack > 1 ? `, ${pack} readings a message` : ''}`;

/** Other ways to run the same fleet, the present one left out. */
function othersOf(fleet: Fleet): Fleet[] {
  const choices: Fleet[] = [
    { ...fleet, mode: fleet.mode === 'direct' ? 'stream' : 'direct' },
    { ...fleet, basicIngest: !fleet.basicIngest },
    { ...fleet, pack: fleet.pack === 1 ? 10 : 1 },
    { ...fleet, mode: 'stream', basicIngest: true, pack: Math.max(10, fleet.pack) },
  ];
  const seen = new Set([describe(fleet)]);
  return choices.filter((choice) => !seen.has(describe(choice)) && seen.add(describe(choice)));
}

function print(fleet: Fleet, bill: Bill, prices: Prices): void {
  const text: string[] = [];
  const out = (line = '') => void text.push(line);
  out(`${fleet.devices} devices, ${fleet.rate} readings a second each; ${describe(fleet)}`);
  out(
    `${(bill.readings / 1e6).toFixed(1)} million readings in ${(bill.messages / 1e6).toFixed(1)} million messages a month`,
  );
  out();
  for (const { service, what, dollars } of bill.lines)
    out(`${money(dollars)}  ${service.padEnd(11)} ${what}`);
  out(`${money(bill.total)}  USD a month`);
  const { taking, keeping, standing } = bill.perMillion;
  out(`${money(taking + keeping + standing)}  USD per million readings:`);
  out(
    `${money(taking)}    to take them in, ${keeping.toFixed(2)} to keep them, ${standing.toFixed(2)} for a stack that idles`,
  );
  out(`${bill.writesPerReading.toFixed(3).padStart(12)}  table writes a reading`);
  out();
  out('Other choices for this fleet:');
  for (const other of othersOf(fleet)) {
    const { total, perMillion } = billOf(other, prices);
    const saved = bill.total - total;
    const change = `${saved >= 0 ? 'saves' : 'costs'} ${Math.abs(saved).toFixed(2)} ${saved >= 0 ? '' : 'more '}a month`;
    out(
      `${money(total)}  ${describe(other)}: ${change}; ${perMillion.taking.toFixed(2)} per million to take in`,
    );
  }
  out();
  out(`Prices of ${prices.date} from bench/prices.json. Assumed:`);
  for (const assumption of bill.assumptions) out(`- ${assumption}`);
  process.stdout.write(`${text.join('\n')}\n`);
}

process.stdout.on('error', () => {}); // whoever reads may stop, as `head` does
try {
  const prices = JSON.parse(readFileSync(new URL('prices.json', import.meta.url), 'utf8')) as Prices;
  const fleet = readFleet(process.argv.slice(2));
  if (fleet) print(fleet, billOf(fleet, prices), prices);
  else process.stdout.write(`${usage}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message.split('\n')[0]}\n${usage}\n`);
  process.exitCode = 1;
}
