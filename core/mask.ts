// Masks mail addresses and phone numbers for people who may know that somebody is notified, but not who.

const SHOWN_DIGITS = 2;

const SHOWN_CHARACTERS = 8;
/** Whole code points. */
const firstOf = (text: string, count: number) => Array.from(text).slice(0, count).join('');

/** `a…@example.com`, `+1…34`; for anything else, such as the address of a queue, its first eight characters. */
export function masked(address: string): string {
  const [name = '', host] = address.split(/@(.*)/s);
  if (host) return `${firstOf(name, 1)}…@${host}`;
  if (/^\+\d+$/.test(address)) return `${address.slice(0, SHOWN_DIGITS)}…${address.slice(-SHOWN_DIGITS)}`;
  return `${firstOf(address, SHOWN_CHARACTERS)}…`;
}
