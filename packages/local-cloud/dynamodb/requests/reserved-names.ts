// Refuses requests that are nested too deeply, and the one name that an object of JavaScript cannot hold like any other.
import { validationError } from '../error.ts';

/** DynamoDB nests 32 levels; each level of a value is two objects here, and the request itself adds a few. */
const MAX_DEPTH = 80;
export const UNSTORABLE = '__proto__';

interface Part {
  readonly value: object;
  readonly depth: number;
}

export const unstorable = () =>
  validationError(`The local DynamoDB cannot store an attribute that is called ${UNSTORABLE}`);

/** @throws ValidationException */
export function checkNames(data: object): void {
  const pending: Part[] = [{ value: data, depth: 1 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, depth } = next;
    if (depth > MAX_DEPTH) throw validationError('Nesting Levels have exceeded supported limits');
    if (Object.hasOwn(value, UNSTORABLE)) throw unstorable();
    for (const name in value) {
      const child: unknown = value[name as keyof typeof value];
      if (typeof child === 'object' && child !== null) pending.push({ value: child, depth: depth + 1 });
    }
  }
}
