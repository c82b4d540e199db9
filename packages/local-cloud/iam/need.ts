// What one API call needs of whoever makes it, in the words of IAM: one permission for each part of the call.

export interface Need {
  /** Such as `dynamodb:PutItem`. */
  readonly action: string;
  /** Whole ARN; `*` where AWS knows no resource of the action. */
  readonly resource: string;
  /** Condition keys of this request, in lower case. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>;
}

/** Where the ARNs of a stack are. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** `arnIn(place, 'sns', 'alerts')` */
export const arnIn = ({ region, accountId }: Place, service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${resource}`;
