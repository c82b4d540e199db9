// The functions that an expression may call: JSONata's own, some of them corrected, and `$bytes`.

import jsonata, { type Focus } from 'jsonata';
import { isObject } from './formats/draft.ts';

/** Called with the arguments that its signature accepts. */
type Implementation = Parameters<ReturnType<typeof jsonata>['registerFunction']>[1];

/** The shape in which jsonata stores a function. */
export interface NativeFunction {
  readonly implementation: Implementation;
}

/** All functions that may be called; those with varying results are refused elsewhere. */
const NAMES = [
  'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match',
  'contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power',
  'boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert type sort',
  'base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl fromMillis clone',
].flatMap((names) => names.split(' '));

/** A time in text without a zone, which JavaScript would read as local time. */
const ZONELESS = /^\d{4}-\d\d-\d\dT[\d:.]+$/;

let functions: Promise<ReadonlyMap<string, NativeFunction>> | undefined;

/** By name, loaded once for all expressions. */
export async function loadFunctions(): Promise<ReadonlyMap<string, NativeFunction>> {
  functions ??= makeFunctions();
  return functions;
}

async function makeFunctions(): Promise<ReadonlyMap<string, NativeFunction>> {
  const made = new Map<string, NativeFunction>();
  for (const name of NAMES) made.set(name, await definitionOf(name));
  made.set('bytes', await definitionOf('bytes', bytesOf, '<s-s?:a<n>>'));
  // jsonata's own version compares every value with every other.
  made.set('distinct', await definitionOf('distinct', distinct, '<x:x>'));
  const toMillis = await definitionOf('toMillis');
  made.set(
    'toMillis',
    await definitionOf(
      'toMillis',
      function (this: Focus, time?: string, picture?: string) {
        const isLocal = picture === undefined && ZONELESS.test(time ?? '');
        // Parts that a picture omits, such as the date, come from this time.
        const timestamp = new Date(this.environment.lookup('receivedAt') as number);
        return toMillis.implementation.call(
          { environment: { timestamp } } as unknown as Focus,
          isLocal ? `${time}Z` : time,
          picture,
        );
      },
      '<s-s?:n>',
    ),
  );
  return made;
}

/** As jsonata stores it, with its parsed signature. */
async function definitionOf(
  name: string,
  implementation?: Implementation,
  signature?: string,
): Promise<NativeFunction> {
  const expression = jsonata(`$${name}`);
  if (implementation) expression.registerFunction(name, implementation, signature);
  return (await expression.evaluate(null)) as NativeFunction;
}

/** The values that differ as JSON, with members in any order. */
function distinct(values: unknown): unknown {
  if (!Array.isArray(values) || values.length < 2) return values;
  const found = new Map<string, unknown>();
  for (const value of values) {
    const key = JSON.stringify(value, inOrder) ?? 'undefined';
    if (!found.has(key)) found.set(key, value);
  }
  return [...found.values()];
}

const inOrder = (_name: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

/** The bytes of base64 or, with `hex` as second argument, of hexadecimal text, which decoders need and JSONata cannot read. */
function bytesOf(text: string | undefined, encoding = 'base64'): number[] | undefined {
  if (text === undefined) return undefined;
  if (encoding !== 'base64' && encoding !== 'hex') throw new Error('$bytes reads base64 or hex');
  const isWhole = encoding === 'hex' ? /^([0-9a-f]{2})*$/i : /^[\w+/-]*={0,2}$/;
  if (!isWhole.test(text)) throw new Error(`$bytes needs valid ${encoding}`);
  return [...Buffer.from(text, encoding)];
}
