// Domain names as Route 53 keeps them: in lower case, absolute, with a final dot; what else is in them is escaped.

/** RFC 1035, 2.3.4: a label has up to 63 octets, a name up to 255 with the length of each label. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

/** `\052` and the like, as the API writes what is not a letter, digit, hyphen or underscore. */
const unescaped = (text: string) =>
  text.replace(/\\([0-3][0-7][0-7])/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** `Www.Example.com` as `www.example.com.` */
export function absolute(text: string): string {
  const name = unescaped(text).toLowerCase();
  return name.endsWith('.') ? name : `${name}.`;
}

/** `*.example.com.` as `\052.example.com.`, which is how the API lists it. */
export const escapedName = (name: string): string =>
  name.replace(/[^a-z0-9_.-]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

export const labelsOf = (name: string): string[] => name.split('.').slice(0, -1);

/** Whether `name` is `zone` or lies below it. */
export const isWithin = (name: string, zone: string): boolean =>
  name === zone || name.endsWith(`.${zone}`) || zone === '.';

export const parentOf = (name: string): string => name.slice(name.indexOf('.') + 1) || '.';

/** @returns what is wrong with an absolute name, in words. */
export function nameProblem(name: string): string | undefined {
  const labels = labelsOf(name);
  if (labels.length === 0 || labels.includes('')) return 'it has an empty label';
  const long = labels.find((label) => label.length > LONGEST_LABEL);
  if (long !== undefined) return `the label ${long} is longer than ${LONGEST_LABEL} characters`;
  if (name.length - 1 > LONGEST_NAME) return `it is longer than ${LONGEST_NAME} characters`;
  const [odd] = /[^\x21-\x7e]/.exec(name) ?? [];
  if (odd !== undefined)
    return `${JSON.stringify(odd)} is not allowed in a name: write other scripts in Punycode`;
  return undefined;
}
