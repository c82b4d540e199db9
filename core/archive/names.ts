// Devices, sites and metrics recur in every line of an archive, so their bytes are recognised instead of being made into text.

import { hashAt, isSpelled, spell, textAt } from './scan.ts';

/** Names by number, from 0 on, in the order in which they were first asked for. */
export interface Names {
  readonly list: readonly string[];
  /** The number of a name; -1 when it is new and there are too many. */
  of(name: string): number;
  /** As `of`, by the bytes of a name in ASCII. */
  at(at: number, length: number): number;
}

/** So many places are looked at, so that names chosen to collide cost little more than others. */
const PROBES = 8;
// What the table holds of a name: its hash, its length (0 for none), where its words are and its number.
const HASH = 0;
const LENGTH = 1;
const WORDS = 2;
const NUMBER = 3;
const SLOT = 4;

export function createNames(most = Infinity): Names {
  const list: string[] = [];
  const numbers = new Map<string, number>();
  /** Of some names, by the hash of their bytes. */
  let table = new Int32Array(64 * SLOT);
  let words = new Int32Array(256);
  let wordsUsed = 0;

  function of(name: string): number {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (list.length >= most) return -1;
    const number = list.push(name) - 1;
    numbers.set(name, number);
    return number;
  }

  /** Puts the name into a place that is free, if it has one. */
  function put(hash: number, length: number, wordsAt: number, number: number): boolean {
    const mask = table.length - 1;
    for (let i = 0; i < PROBES; i += 1) {
      const slot = ((hash + i) * SLOT) & mask;
      if (table[slot + LENGTH] !== 0) continue;
      table[slot + HASH] = hash;
      table[slot + LENGTH] = length;
      table[slot + WORDS] = wordsAt;
      table[slot + NUMBER] = number;
      return true;
    }
    return false;
  }

  function grow(): void {
    const old = table;
    table = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += SLOT) {
      const length = old[at + LENGTH]!;
      if (length !== 0) put(old[at + HASH]!, length, old[at + WORDS]!, old[at + NUMBER]!);
    }
  }

  function remember(hash: number, name: string, number: number): void {
    if (list.length * 2 * SLOT > table.length) grow();
    if (!put(hash, name.length, wordsUsed, number)) return;
    const spelling = spell(name);
    if (wordsUsed + spelling.length > words.length) {
      const larger = new Int32Array(words.length * 2);
      larger.set(words);
      words = larger;
    }
    words.set(spelling, wordsUsed);
    wordsUsed += spelling.length;
  }

  return {
    list,
    of,
    at(at, length) {
      const hash = hashAt(at, length);
      const mask = table.length - 1;
      for (let i = 0; i < PROBES; i += 1) {
        const slot = ((hash + i) * SLOT) & mask;
        if (table[slot + LENGTH] === 0) break;
        if (table[slot + HASH] !== hash || table[slot + LENGTH] !== length) continue;
        if (isSpelled(at, length, words, table[slot + WORDS]!)) return table[slot + NUMBER]!;
      }
      const name = textAt(at, length);
      const number = of(name);
      if (number >= 0) remember(hash, name, number);
      return number;
    },
  };
}
