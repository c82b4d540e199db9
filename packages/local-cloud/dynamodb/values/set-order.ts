// The order of a set's members, as DynamoDB keeps them: numbers by value, texts and binaries by their bytes.

import { compareNumbers } from './number.ts';

const byBytes = (encoding: 'utf8' | 'base64') => (a: string, b: string) =>
  Buffer.compare(Buffer.from(a, encoding), Buffer.from(b, encoding));

const orders: Readonly<Record<string, (a: string, b: string) => number>> = {
  SS: byBytes('utf8'),
  NS: compareNumbers,
  BS: byBytes('base64'),
};

/** Puts the members of a set of this type into their order, in place. Numbers are in their stored form. */
export const sortSet = (type: string, members: string[]): string[] => members.sort(orders[type]);
