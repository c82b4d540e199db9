// Writes JSON of any depth: a payload nested thousands of levels deep must be stored too, and JSON.stringify overflows the stack.

import { isKeptNumber } from '../core/json-digits.ts';

/** The JSON text of a value that was parsed from JSON, of any depth. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return deepJsonText(value);
    throw error;
  }
}

type Step = { readonly text: string } | { readonly value: unknown };

function deepJsonText(root: unknown): string {
  const parts: string[] = [];
  const steps: Step[] = [{ value: root }];
  for (let step = steps.pop(); step; step = steps.pop()) {
    if ('text' in step) parts.push(step.text);
    else if (typeof step.value !== 'object' || step.value === null || isKeptNumber(step.value))
      parts.push(JSON.stringify(step.value) ?? 'null');
    else for (const inner of stepsOf(step.value).reverse()) steps.push(inner);
  }
  return parts.join('');
}

function stepsOf(value: object): Step[] {
  const isArray = Array.isArray(value);
  const steps: Step[] = [{ text: isArray ? '[' : '{' }];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined && !isArray) continue;
    const separator = steps.length > 1 ? ',' : '';
    steps.push({ text: isArray ? separator : `${separator}${JSON.stringify(name)}:` }, { value: member });
  }
  return [...steps, { text: isArray ? ']' : '}' }];
}
