// Reads the parameters of CloudWatch's operations, which are text in one protocol and numbers in another.

import { AwsError } from '../aws-error.ts';
import type { Input } from './protocols.ts';

/** An error of a parameter. */
export const invalidValue = (message: string) => new AwsError('InvalidParameterValue', message);
const missing = (name: string) => new AwsError('MissingParameter', `The parameter ${name} is required`);

/** @throws AwsError */
export function textAt(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw invalidValue(`The parameter ${name} must be a string`);
}

/** @throws AwsError MissingParameter */
export function requireText(input: Input, name: string): string {
  const value = textAt(input, name);
  if (value === undefined || value === '') throw missing(name);
  return value;
}

/** @throws AwsError */
export function numberAt(input: Input, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw invalidValue(`The parameter ${name} must be a number`);
}

/** @throws AwsError */
export function listAt(input: Input, name: string): readonly unknown[] {
  const value = input[name];
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw invalidValue(`The parameter ${name} must be a list`);
}

/** @throws AwsError */
export function objectsAt(input: Input, name: string): readonly Input[] {
  return listAt(input, name).map((each) => {
    if (typeof each === 'object' && each !== null && !Array.isArray(each)) return each as Input;
    throw invalidValue(`The parameter ${name} must be a list of objects`);
  });
}

/** Seconds since the epoch, or a text such as 2026-11-29T00:00:00Z. @returns epoch milliseconds. @throws AwsError */
export function timeAt(input: Input, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'number' ? value * 1_000 : Date.parse(typeof value === 'string' ? value : '');
  if (Number.isFinite(time)) return time;
  throw invalidValue(`The parameter ${name} must be a time such as 2026-11-29T00:00:00Z`);
}

/** @throws AwsError MissingParameter */
export function requireTime(input: Input, name: string): number {
  const time = timeAt(input, name);
  if (time === undefined) throw missing(name);
  return time;
}

/** The part of a list that `NextToken` continues. @throws AwsError InvalidNextToken */
export function pageOf<Item>(items: readonly Item[], input: Input, size: number) {
  const token = textAt(input, 'NextToken') ?? '0';
  if (!/^\d{1,9}$/.test(token))
    throw new AwsError('InvalidNextToken', 'The next token specified is invalid.');
  const start = Number(token);
  const end = start + size;
  return { items: items.slice(start, end), NextToken: end < items.length ? String(end) : undefined };
}
