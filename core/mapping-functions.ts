// The functions that an expression may call: JSONata's own, some of them mended, and `$bytes`.

import jsonata, { type Focus } from 'jsonata';
import { isObject } from './formats/draft.ts';

/** Called with what its signature lets through. */
type Implementation = Parameters<ReturnType<typeof jsonata>['registerFunction']>[1];

/** As jsonata keeps a function. */
export interface NativeFunction {
  readonly implementation: Implementation;
}

/** All that may be called; what has other results the next time is refused elsewhere. */
const NAMES = [
  'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match',
  'contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power',
  'boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert type sort',
  'base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl fromMillis clone',
].flatMap((names) => names.split(' '));

/** A text of a time without its zone, which JavaScript would take for local. */
const ZONELESS = /^\d{4}-\d\d-\d\dT[\d:.]+$/;

let functions: Promise<ReadonlyMap<string, NativeFunction>> | undefined;

/** By name, once for all expressions. */
export async function loadFunctions(): Promise<ReadonlyMap<string, NativeFunction>> {
  functions ??= makeFunctions();
  return functions;
}

async function makeFunctions(): Promise<ReadonlyMap<string, NativeFunction>> {
  const made = new Map<string, NativeFunction>();
  for (const name of NAMES) made.set(name, await definitionOf(name));
  made.set('bytes', await definitionOf('bytes', bytesOf, '<s-s?:a<n>>'));
  // jsonata's own compares each with each.
  made.set('distinct', await definitionOf('distinct', distinct, '<x:x>'));
  const toMillis = await definitionOf('toMillis');
  made.set(
    'toMillis',
    await definitionOf(
      'toMillis',
      function (this: Focus, time?: string, picture?: string) {
        const isLocal = picture === undefined && ZONELESS.test(time ?? '');
        // What a picture leaves out, such as the date, is taken from here.
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

/** As jsonata keeps it, with what it makes of the signature. */
async function definitionOf(
  name: string,
  implementation?: Implementation,
  signature?: string,
): Promise<NativeFunction> {
  const expression = jsonata(`$${name}`);
  if (implementation) expression.registerFunction(name, implementation, signature);
  return (await expression.evaluate(null)) as NativeFunction;
}

/** What differs as JSON, with members in any order. */
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

/** The bytes of base64 or, with `hex` as second argument, of hexadecimal text: decoders need them, and JSONata has none. */
function bytesOf(text: string | undefined, encoding = 'base64'): number[] | undefined {
  if (text === undefined) return undefined;
  if (encoding !== 'base64' && encoding !== 'hex') throw new Error('$bytes reads base64 or hex');
  const isWhole = encoding === 'hex' ? /^([0-9a-f]{2})*$/i : /^[\w+/-]*={0,2}$/;
  if (!isWhole.test(text)) throw new Error(`$bytes was given what is not ${encoding}`);
  return [...Buffer.from(text, encoding)];
}
