// Devices, sites and metrics recur in every line of an archive, so their bytes are recognised instead of being made into text.

import { textAt, type Input } from './fast-scan.ts';

/** A name of ASCII characters as its bytes, four to a word, the last word filled up with zeros. */
export interface Spelling {
  readonly words: Int32Array;
  readonly length: number;
}

/** What is known by its name. */
export interface Names<Value> {
  of(name: string): Value;
  /** By the bytes of a name in ASCII. As `isSpelled`, it reads up to three bytes beyond them. */
  at(input: Input, at: number, length: number): Value;
}

/** So many places are looked at, so that names chosen to collide cost little more than others. */
const PROBES = 8;
const SMALLEST_TABLE = 64;

export function spell(name: string): Spelling {
  const bytes = new Uint8Array((name.length + 3) & ~3);
  for (let i = 0; i < name.length; i += 1) bytes[i] = name.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  const words = Int32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getInt32(i * 4, true));
  return { words, length: name.length };
}

/** Whether the bytes at `at` are those of the name. Reads up to three bytes beyond them, which must exist. */
export function isSpelled(view: DataView, at: number, { words, length }: Spelling): boolean {
  const whole = length >> 2;
  for (let i = 0; i < whole; i += 1) if (view.getInt32(at + i * 4, true) !== words[i]) return false;
  return (length & 3) === 0 || lastWord(view, at, length) === words[whole];
}

/** Names by what `make` makes of each when it is first asked for; where that is undefined, it is asked again. */
export function createNames<Value>(make: (name: string) => Value): Names<Value> {
  interface Entry extends Spelling {
    readonly hash: number;
    readonly value: Value;
  }
  const known = new Map<string, Value>();
  /** Of some that are known, by the hash of their bytes. */
  let table: (Entry | undefined)[] = Array.from({ length: SMALLEST_TABLE });

  function of(name: string): Value {
    let value = known.get(name);
    if (value === undefined) {
      value = make(name);
      if (value !== undefined) known.set(name, value);
    }
    return value;
  }

  function put(entry: Entry): void {
    const mask = table.length - 1;
    let slot = entry.hash & mask;
    for (let i = 0; i < PROBES && table[slot] !== undefined; i += 1) slot = (entry.hash + i) & mask;
    table[slot] = entry;
  }

  function grow(): void {
    const entries = table;
    table = Array.from({ length: table.length * 2 });
    for (const entry of entries) if (entry) put(entry);
  }

  return {
    of,
    at({ bytes, view }, at, length) {
      const hash = hashOf(view, at, length);
      const mask = table.length - 1;
      for (let i = 0; i < PROBES; i += 1) {
        const entry = table[(hash + i) & mask];
        if (entry === undefined) break;
        if (entry.hash === hash && entry.length === length && isSpelled(view, at, entry)) return entry.value;
      }
      const name = textAt(bytes, at, length);
      const value = of(name);
      if (known.size * 2 > table.length) grow();
      if (value !== undefined) put({ ...spell(name), hash, value });
      return value;
    },
  };
}

/** Reads whole words, as `isSpelled` does. */
export function hashOf(view: DataView, at: number, length: number): number {
  let hash = length;
  const whole = length >> 2;
  for (let i = 0; i < whole; i += 1) hash = mix(hash, view.getInt32(at + i * 4, true));
  if ((length & 3) !== 0) hash = mix(hash, lastWord(view, at, length));
  return hash ^ (hash >>> 15);
}

/** A multiplicative hash by 2^32 divided by the golden ratio. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 16);
}

function lastWord(view: DataView, at: number, length: number): number {
  return view.getInt32(at + (length & ~3), true) & ((1 << ((length & 3) * 8)) - 1);
}
