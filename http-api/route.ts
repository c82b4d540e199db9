// What a route of the HTTP API is: one entry of data, from which requests are checked and the OpenAPI description is made.

import type * as z from 'zod/mini';
import type { Access } from '../core/access.ts';

/** Who signed the request, as API Gateway tells it, and what they may do; nobody can write it into a request. */
export interface ApiCaller extends Access {
  /** ARN of an IAM user or role, or the ID of a Cognito identity. */
  readonly id: string;
  /** A Cognito identity of somebody who has not logged in. */
  readonly isGuest: boolean;
  /** A Cognito identity of somebody who has. */
  readonly isUser?: true;
}

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** Under which an answer carries the tag of what it shows: the header ETag, by which If-Match refers to it. */
export const ENTITY_TAG = Symbol('entity tag');

/** Names to schemas. Values of paths and queries are text. */
export type Fields = Readonly<Record<string, z.ZodMiniType>>;

export type Values<F extends Fields> = { readonly [Name in keyof F]: z.output<F[Name]> };

export interface Route<
  P extends Fields = Fields,
  Q extends Fields = Fields,
  B extends z.ZodMiniType = z.ZodMiniType,
> {
  readonly method: Method;
  /** Such as `/devices/{deviceId}`. */
  readonly path: string;
  /** One line for the description. */
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  /** Absent: a body is refused. */
  readonly body?: B;
  readonly answer: z.ZodMiniType;
  /** Anybody may call it, without a signature. */
  readonly isPublic?: true;
  /** The answer is text of this type; absent: it is JSON. */
  readonly textType?: 'text/csv';
  /** What it answers has an entity tag, and a change may name the one that it is meant for. */
  readonly isTagged?: true;
  /** Gives what is answered with 200; 204 for `undefined`. @throws ApiProblem */
  run(request: {
    readonly params: Values<P>;
    readonly query: Values<Q>;
    readonly body: z.output<B>;
    readonly caller: ApiCaller;
    /** The header If-Match. */
    readonly ifMatch: string | undefined;
    /** Adds to a metric. */
    readonly count: (name: string, value: number) => void;
  }): Promise<unknown>;
}

/** Keeps the types of one entry together. */
export function route<P extends Fields, Q extends Fields, B extends z.ZodMiniType = z.ZodMiniType<undefined>>(
  entry: Route<P, Q, B>,
): Route {
  return entry;
}
