// The permissions that an API call needs, in IAM's terms: one for each part of the call.

export interface Need {
  /** Such as `dynamodb:PutItem`. */
  readonly action: string;
  /** Whole ARN; `*` for an action that has no resource on AWS. */
  readonly resource: string;
  /** Condition keys of this request, in lower case. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>;
}

/** Region and account of the ARNs of a stack. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** `arnIn(place, 'sns', 'alerts')` */
export const arnIn = ({ region, accountId }: Place, service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${resource}`;
