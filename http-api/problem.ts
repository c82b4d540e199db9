// How the HTTP API says what went wrong: RFC 9457 problem details.

/** What of a request is wrong, by the place where it stands. */
export interface Fault {
  readonly in: 'path' | 'query' | 'body';
  /** Name of the parameter, or path into the body such as `match.site`; empty for the whole. */
  readonly name: string;
  readonly detail: string;
}

export interface Problem {
  readonly status: number;
  /** The same for every problem of its kind. */
  readonly title: string;
  readonly detail?: string;
  readonly errors?: readonly Fault[];
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  404: 'Not found',
  409: 'Changed meanwhile',
  415: 'The body is not JSON',
  500: 'Internal error',
};

/** Thrown by routes: an outcome that the caller can do something about. */
export class ApiProblem extends Error {
  readonly problem: Problem;
  constructor(status: number, detail: string, errors?: readonly Fault[]) {
    super(detail);
    this.name = 'ApiProblem';
    this.problem = problemOf(status, detail, errors);
  }
}

export function problemOf(status: number, detail?: string, errors?: readonly Fault[]): Problem {
  return { status, title: titles[status] ?? 'Error', ...(detail && { detail }), ...(errors && { errors }) };
}
