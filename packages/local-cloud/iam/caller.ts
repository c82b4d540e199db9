// Finds the function that makes a call at the AWS port, by the session token, which on AWS is that of the role's session.

import type { IncomingMessage } from 'node:http';

const PREFIX = 'local-cloud-function.';

/** For AWS_SESSION_TOKEN in the environment of a function. */
export const sessionTokenOf = (functionId: string): string => PREFIX + functionId;

/** @returns the logical ID of the function; undefined for any other caller, which acts as the account */
export function functionOf(req: IncomingMessage): string | undefined {
  const header = req.headers['x-amz-security-token']?.toString();
  const token =
    header ??
    (req.url?.includes('X-Amz-Security-Token=')
      ? new URLSearchParams(req.url.split('?', 2)[1]).get('X-Amz-Security-Token')
      : undefined);
  return token?.startsWith(PREFIX) ? token.slice(PREFIX.length) : undefined;
}
