// The errors of the HTTP API as RFC 9457 problem details.

/** A fault of a request, and its place. */
export interface Fault {
  readonly in: 'path' | 'query' | 'body';
  /** Name of the parameter, or path into the body such as `match.site`; empty for the whole body. */
  readonly name: string;
  /** Continues after the name: `must be true or false`. In an answer it is a sentence with the name. */
  readonly detail: string;
}

export interface Problem {
  readonly status: number;
  /** The same for every problem of its kind. */
  readonly title: string;
  readonly detail?: string;
  readonly errors?: readonly Fault[];
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  412: 'Changed since it was read',
  415: 'Unsupported content type',
  429: 'Too many requests',
  500: 'Internal error',
};

/** More faults than these are in `errors` only. */
const MAX_SHOWN = 5;
/** Most faults in one answer, as people read it. */
const MAX_LISTED = 100;
const MAX_NAME_LENGTH = 100;

/** Thrown by routes for an error that the caller can fix. */
export class ApiProblem extends Error {
  readonly problem: Problem;
  constructor(status: number, detail: string, errors?: readonly Fault[]) {
    super(detail);
    this.name = 'ApiProblem';
    this.problem = problemOf(status, detail, errors);
  }
}

/** With faults, the detail summarises them. */
export function problemOf(status: number, detail?: string, errors?: readonly Fault[]): Problem {
  const title = TITLES[status] ?? 'Error';
  if (!errors || errors.length === 0) return { status, title, ...(detail && { detail }) };
  const listed = errors.slice(0, MAX_LISTED).map(({ in: place, name, detail }) => {
    const fault = { in: place, name: clipped(name), detail };
    return { ...fault, detail: sentenceOf(fault) };
  });
  return { status, title, detail: summaryOf(listed, errors.length), errors: listed };
}

/** The problem for a request with these faults. */
export const invalid = (...faults: readonly Fault[]) => new ApiProblem(400, 'not valid', faults);

const PLACES = { path: 'path parameter ', query: 'query parameter ', body: '' } as const;

function sentenceOf({ in: place, name, detail }: Fault): string {
  return name === '' ? `The ${place} ${detail}` : `${PLACES[place]}\`${name}\` ${detail}`;
}

function summaryOf(listed: readonly Fault[], count: number): string {
  const shown = listed.slice(0, MAX_SHOWN).map(({ detail }) => detail);
  const more = count - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

const clipped = (name: string) =>
  name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}...` : name;
