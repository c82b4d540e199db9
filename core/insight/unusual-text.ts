// What an unusual hour may mean, from the pair of findings that explains it.

import { spanText } from './prediction-text.ts';
import type { Unusual, UnusualStat } from './unusual.ts';

/** A finding and its direction. */
type Sign = `${UnusualStat}${'+' | '-'}`;

/** The first entry counts whose findings are all present, and none of `without`. */
const MEANINGS: readonly {
  readonly all: readonly Sign[];
  readonly without?: readonly Sign[];
  readonly text: string;
}[] = [
  { all: ['identical+'], text: 'sends the same value again and again: the sensor may be stuck' },
  { all: ['duty+', 'no-defrost+'], text: 'runs longer and does not defrost: ice' },
  {
    all: ['site+', 'no-defrost+'],
    text: 'runs longer than the others of its site and does not defrost: ice',
  },
  { all: ['level+', 'no-defrost+'], text: 'warmer and does not defrost: ice' },
  { all: ['level+', 'duty+'], text: 'warmer and runs longer: it loses cold' },
  { all: ['level+', 'duty-'], text: 'warmer and runs less: the cooling may be failing' },
  { all: ['level+'], text: 'warmer with duty unchanged: the sensor may drift' },
  { all: ['level-', 'duty+'], text: 'colder and runs longer: the thermostat may be set lower' },
  { all: ['level-'], without: ['duty-'], text: 'colder with duty unchanged: the sensor may drift' },
  { all: ['level-', 'duty-'], text: 'colder and runs less: the room may be colder' },
  { all: ['no-defrost+'], text: 'has not defrosted for longer than usual' },
  { all: ['duty+'], text: 'runs longer than usual at this hour' },
  { all: ['site+'], text: 'runs longer than the others of its site' },
  { all: ['duty-'], text: 'runs less than usual at this hour' },
  { all: ['site-'], text: 'runs less than the others of its site' },
];

/** Words for a fridge; undefined if nothing was found. */
export function unusualText(found: readonly Unusual[]): string | undefined {
  const signs = new Set(found.map(({ stat, score }): Sign => `${stat}${score < 0 ? '-' : '+'}`));
  const has = (sign: Sign) => signs.has(sign);
  return MEANINGS.find(({ all, without = [] }) => all.every(has) && !without.some(has))?.text;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const NAMES: Readonly<Record<UnusualStat, string>> = {
  level: 'median',
  duty: 'duty',
  cycles: 'cycles an hour',
  site: 'duty against the site',
  'no-defrost': 'time since the last defrost',
  identical: 'time with the same value',
};

/** One finding with its usual range, such as "duty 71 %, usually 38 % to 45 %". */
export function findingText({ stat, value, usual }: Unusual, unit = ''): string {
  const suffix = unit === '' ? '' : ` ${unit}`;
  if (stat === 'no-defrost' || stat === 'identical')
    return `${NAMES[stat]} ${spanText(value)}, usually up to ${spanText(usual[1])}`;
  const text =
    stat === 'duty' || stat === 'site' ? percent : (number: number) => String(Math.round(number * 100) / 100);
  const end = stat === 'level' ? suffix : '';
  return `${NAMES[stat]} ${text(value)}${end}, usually ${text(usual[0])} to ${text(usual[1])}${end}`;
}
