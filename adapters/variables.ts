// Reads single variables of a function's environment; each reader throws an Error that names the variable and the valid values.

import { isTimeZone } from '../core/quiet-hours.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export function pattern(variables: Variables, name: string): RegExp {
  try {
    return new RegExp(text(variables, name));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Error(`Environment variable ${name} is not a regular expression`, { cause: error });
  }
}

export function flag(variables: Variables, name: string): boolean {
  const value = text(variables, name);
  if (value !== 'true' && value !== 'false') {
    throw new Error(`Environment variable ${name} must be true or false`);
  }
  return value === 'true';
}

export function text(variables: Variables, name: string): string {
  const value = variables[name];
  if (!value) throw new Error(`Environment variable ${name} is missing`);
  return value;
}

export function zone(variables: Variables, name: string): string {
  const value = text(variables, name);
  if (isTimeZone(value)) return value;
  throw new Error(
    `Environment variable ${name} is ${value}, and must be a time zone such as America/Los_Angeles`,
  );
}

export function whole(variables: Variables, name: string, least: number, most: number): number {
  const value = text(variables, name);
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most) {
    throw new Error(`Environment variable ${name} must be a whole number from ${least} to ${most}`);
  }
  return number;
}

export function limit(variables: Variables, name: string): number | undefined {
  const value = variables[name];
  if (!value) return undefined;
  const number = Number(value);
  if (!/^-?\d+(\.\d+)?$/.test(value) || Math.abs(number) > 1e12) {
    throw new Error(`Environment variable ${name} must be a decimal number`);
  }
  return number;
}
