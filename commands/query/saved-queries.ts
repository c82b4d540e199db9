// Reads Athena's saved queries from the template, their only source.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { CommandError } from '../command-error.ts';
import { listOf } from './sql-text.ts';

export interface SavedQuery {
  /** `daily-extremes` for the resource DailyExtremesQuery. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly options: readonly Option[];
  readonly sql: string;
}

/** The columns of a saved query whose sample values can be replaced. */
export type Option = 'site' | 'device' | 'metric';
export type Values = Readonly<Record<Option, readonly string[]>>;

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, string>> }>
  >;
}

const TEMPLATE = path.resolve(import.meta.dirname, '../../template.yaml');
const OPTIONS: readonly Option[] = ['site', 'device', 'metric'];
/** `site = 'seattle'` or `site IN ('seattle')`. */
const comparison = (option: Option): RegExp =>
  new RegExp(`\\b${option}\\s*(?:=\\s*'[^']*'|IN\\s*\\(\\s*'[^']*'\\s*\\))`, 'g');

export function savedQueries(): SavedQuery[] {
  const { Resources } = parse(readFileSync(TEMPLATE, 'utf8'), { logLevel: 'silent' }) as Template;
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::Athena::NamedQuery')
    .map(([id, { Properties }]) => {
      const sql = Properties['QueryString']!.trimEnd();
      const name = id
        .replace(/Query$/, '')
        .replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`)
        .toLowerCase();
      const options = OPTIONS.filter((option) => comparison(option).test(sql));
      return { name, title: Properties['Name']!, description: Properties['Description']!, options, sql };
    });
}

/**
 * The SQL with these values in place of the samples. Without a site it covers all sites; without a metric it keeps the
 * sample's. @throws CommandError for an option that it does not take, or if the device is missing.
 */
export function sqlOf({ name, options, sql }: SavedQuery, values: Values): string {
  const surplus = OPTIONS.find((option) => values[option].length > 0 && !options.includes(option));
  if (surplus !== undefined)
    throw new CommandError(
      `${name} does not take --${surplus}; it takes ${options.map((each) => `--${each}`).join(', ')}`,
    );
  if (options.includes('device') && values.device.length === 0)
    throw new CommandError(`say which device: --saved ${name} --device NAME`);
  return options.reduce((text, option) => {
    if (values[option].length > 0)
      return text.replace(comparison(option), () => `${option} IN (${listOf(values[option])})`);
    return option === 'site' ? text.replace(comparison(option), 'site IS NOT NULL') : text;
  }, sql);
}
