// Mail addresses and phone numbers for people who may know that somebody is told, and not who.

const SHOWN_DIGITS = 2;

/** `a…@example.com`, `+1…34`; of anything else, such as the address of a queue, its first eight characters. */
export function masked(address: string): string {
  const [name = '', host] = address.split(/@(.*)/s);
  if (host) return `${[...name][0] ?? ''}…@${host}`;
  if (/^\+\d+$/.test(address)) return `${address.slice(0, SHOWN_DIGITS)}…${address.slice(-SHOWN_DIGITS)}`;
  return `${[...address].slice(0, 8).join('')}…`;
}
