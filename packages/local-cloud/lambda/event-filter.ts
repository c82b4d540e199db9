// Selects the records of an event source that a function gets: the filter criteria of a mapping, with the operators of EventBridge.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html

import { readPattern } from '../sns/filter-policy.ts';

/** Of a record: what the event says of it, with the text of its content under the name that its source gives it. */
export type Accepts = (record: Readonly<Record<string, unknown>>) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lambda takes as many, and patterns of as many characters. */
const MOST_FILTERS = 10;
const MOST_CHARACTERS = 4_096;

const NOT_JSON = Symbol('not JSON');

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text)) as unknown;
  } catch {
    return NOT_JSON;
  }
}

/** JSON is compared with a pattern that is an object, text with one that is a list; otherwise the record is dropped. */
function comparable(pattern: unknown, text: unknown): unknown {
  const value = parsed(text);
  if (isObject(pattern)) return value === NOT_JSON ? undefined : value;
  return value === NOT_JSON || !isObject(value) ? text : undefined;
}

function readOne(text: unknown, content: string | undefined): Accepts | { readonly problem: string } {
  if (typeof text !== 'string' || text.length > MOST_CHARACTERS)
    return { problem: `a Pattern must be JSON text of at most ${MOST_CHARACTERS} characters` };
  const pattern = parsed(text);
  if (!isObject(pattern)) return { problem: `the Pattern ${text.slice(0, 100)} is not a JSON object` };
  const read = readPattern(text);
  if ('problem' in read) return { problem: `the Pattern ${text.slice(0, 100)}: ${read.problem}` };
  if (content === undefined || !Object.hasOwn(pattern, content)) return read.accepts;
  return (record) => {
    const value = comparable(pattern[content], record[content]);
    return value !== undefined && read.accepts({ ...record, [content]: value });
  };
}

/**
 * @param criteria `{ Filters: [{ Pattern: '{"data": ...}' }] }` of the template
 * @param content the name of a record's content in a pattern, `data` or `body`, where it is text
 * @returns undefined where every record is wanted
 */
export function readFilterCriteria(
  criteria: unknown,
  content: string | undefined,
): Accepts | undefined | { readonly problem: string } {
  const filters = isObject(criteria) ? criteria['Filters'] : undefined;
  if (criteria === undefined) return undefined;
  if (!Array.isArray(filters) || filters.length > MOST_FILTERS)
    return { problem: `must have a list of at most ${MOST_FILTERS} Filters` };
  const read = filters.map((filter) => readOne(isObject(filter) ? filter['Pattern'] : undefined, content));
  const wrong = read.find((each) => typeof each !== 'function');
  if (wrong) return wrong;
  const accepting = read.filter((each) => typeof each === 'function');
  return accepting.length === 0 ? undefined : (record) => accepting.some((accepts) => accepts(record));
}
