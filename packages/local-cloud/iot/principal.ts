// The principals that the registry can attach: certificates, and Cognito identities by their ID.

import { invalid } from './api-request.ts';
import { find, type Registry } from './registry.ts';

const isCognitoIdentity = (principal: string) => /^[\w-]{1,30}:[0-9a-f-]{1,55}$/.test(principal);

/** Returns a principal that exists. @throws AwsError when the certificate does not exist or the principal has another form. */
export function checkPrincipal(registry: Registry, principal: string): string {
  const prefix = registry.arn('cert/');
  if (principal.startsWith(prefix))
    find(registry.certificates, 'Certificate', principal.slice(prefix.length));
  else if (!isCognitoIdentity(principal)) {
    throw invalid(
      `${JSON.stringify(principal.slice(0, 200))} is not a principal: an ARN beginning with ${prefix} is expected`,
    );
  }
  return principal;
}
