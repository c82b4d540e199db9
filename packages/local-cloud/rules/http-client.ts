// Posts what rules send to HTTP endpoints: within a time, without following redirects, with the errors that decide whether to repeat.

import { AwsError } from '../aws-error.ts';
import { ALLOWED_HOSTS } from './action-http.ts';
import type { HttpClient } from './action.ts';

/** AWS IoT waits as long. */
const TIMEOUT_MS = 3_000;
const LONGEST_REASON = 300;

/** Hosts beside this machine, from the environment. */
export const allowedHosts = (): readonly string[] =>
  (process.env[ALLOWED_HOSTS] ?? '').split(',').flatMap((host) => host.trim().toLowerCase() || []);

export function createHttpClient(hosts: readonly string[]): HttpClient {
  return {
    hosts,
    async post(url, headers, body) {
      let response: Response;
      try {
        response = await fetch(url, {
          method: 'POST',
          headers,
          body: new Uint8Array(body),
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
      } catch (error) {
        const { message, cause } = error as Error;
        const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
        throw new AwsError('InternalFailureException', `${url}: ${reason}`, 503);
      }
      const text = (await response.text()).slice(0, LONGEST_REASON);
      if (response.ok) return;
      // Above 499, and for 429, it is tried again.
      throw new AwsError(
        'InvalidRequestException',
        `${url} answered ${response.status}: ${text}`,
        response.status,
      );
    },
  };
}
