// A route of the HTTP API as one entry of data, which checks requests and makes the OpenAPI description.

import type * as z from 'zod/mini';
import type { Access } from '../core/access.ts';
import type { Counting } from '../pipeline/ports.ts';

/** Who signed the request, as API Gateway reports it, and their access; a request cannot claim it. */
export interface ApiCaller extends Access {
  /** ARN of an IAM user or role, or the ID of a Cognito identity. */
  readonly id: string;
  /** A Cognito identity that has not logged in. */
  readonly isGuest: boolean;
  /** A Cognito identity that has logged in. */
  readonly isUser?: true;
}

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** The member of an answer that holds its entity tag: sent as the header ETag, to which If-Match refers. */
export const ENTITY_TAG = Symbol('entity tag');

/** Schemas by name. Values of paths and queries are text. */
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
  /** One line for the OpenAPI description. */
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  /** Absent: a body is rejected. */
  readonly body?: B;
  readonly answer: z.ZodMiniType;
  /** Anyone may call it, without a signature. */
  readonly isPublic?: true;
  /** The answer is text of this type; absent: it is JSON. */
  readonly textType?: 'text/csv';
  /** Answers have an entity tag, and a change may name the tag that it is based on. */
  readonly isTagged?: true;
  /** Gives the answer for status 200; `undefined` gives 204. @throws ApiProblem */
  run(request: {
    readonly params: Values<P>;
    readonly query: Values<Q>;
    readonly body: z.output<B>;
    readonly caller: ApiCaller;
    /** The header If-Match. */
    readonly ifMatch: string | undefined;
    /** Adds to a metric. */
    readonly count: (name: string, value: number) => void;
    /** Writes to the log what the answer does not say. */
    readonly warn: Counting['warn'];
  }): Promise<unknown>;
}

/** Keeps the types of one entry together. */
export function route<P extends Fields, Q extends Fields, B extends z.ZodMiniType = z.ZodMiniType<undefined>>(
  entry: Route<P, Q, B>,
): Route {
  return entry;
}
