// Reads the files and labels of the Numenta Anomaly Benchmark from a folder.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file of the corpus. Windows are index ranges with inclusive ends. */
export interface Series {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly windows: readonly (readonly [first: number, last: number])[];
  /** The number of points at the beginning that are not scored. */
  readonly probation: number;
}

const PROBATION_SHARE = 0.15;
const LONGEST_PROBATION = 750;

/** @param folder with `data/` and `labels/combined_windows.json`. */
export function readCorpus(folder: string): Series[] {
  const labels = path.join(folder, 'labels', 'combined_windows.json');
  const limits = JSON.parse(readFileSync(labels, 'utf8')) as Record<string, [string, string][]>;
  const data = path.join(folder, 'data');
  const names = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.csv'),
  );
  return names.sort().map((name) => readSeries(data, name, limits[name]));
}

function readSeries(data: string, name: string, limits: readonly [string, string][] | undefined): Series {
  if (!limits) throw new Error(`labels/combined_windows.json has no windows of data/${name}`);
  const lines = readFileSync(path.join(data, name), 'utf8').trim().split(/\r?\n/).slice(1);
  const texts = lines.map((line) => line.split(',')[0]!);
  // Windows are matched by text, as times repeat and go back; the labels add microseconds. The first match counts.
  const indexOf = (text: string) => {
    const index = texts.indexOf(text.replace(/\.0+$/, ''));
    if (index < 0) throw new Error(`data/${name} has no line of ${text}, where a window begins or ends`);
    return index;
  };
  return {
    name,
    times: texts.map((text) => Date.parse(`${text.replace(' ', 'T')}Z`)),
    values: lines.map((line) => Number(line.split(',')[1])),
    windows: limits.map(([first, last]) => [indexOf(first), indexOf(last)] as const),
    probation: Math.min(Math.floor(PROBATION_SHARE * lines.length), LONGEST_PROBATION),
  };
}
