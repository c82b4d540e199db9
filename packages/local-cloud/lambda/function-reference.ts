// Finds the function that the path of a request names.

import { AwsError } from '../aws-error.ts';

/** @throws AwsError InvalidParameterValueException */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AwsError('InvalidParameterValueException', 'The path is not valid percent-encoding', 400);
  }
}

/**
 * @param reference a name, `<account>:function:<name>` or a whole ARN, with or without `:$LATEST`
 * @param specOf the function of a name
 * @throws AwsError ResourceNotFoundException
 */
export function findFunction<Spec extends { readonly name: string; readonly arn: string }>(
  reference: string,
  qualifier: string | null,
  specOf: (name: string) => Spec | undefined,
): Spec {
  const parts = /^(.*?)([A-Za-z0-9_-]{1,140})(?::(\$LATEST))?$/.exec(reference);
  const spec = specOf(parts?.[2] ?? '');
  const prefix = parts?.[1] ?? '';
  const known = spec && (prefix === '' || `:${spec.arn}`.endsWith(`:${prefix}${spec.name}`));
  if (known && (qualifier === null || qualifier === '$LATEST')) return spec;
  const name = reference.slice(0, 256) + (qualifier ? `:${qualifier.slice(0, 128)}` : '');
  throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
}
