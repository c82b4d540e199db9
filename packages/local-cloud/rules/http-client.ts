// Posts to HTTP endpoints for rules: with a timeout, without following redirects, with errors that decide whether to repeat.

import { AwsError } from '../aws-error.ts';
import { ALLOWED_HOSTS } from './action-http.ts';
import type { HttpClient } from './action.ts';

/** The timeout of AWS IoT. */
const TIMEOUT_MS = 3_000;
const LONGEST_REASON = 300;

/** Hosts other than this machine that are allowed by the environment. */
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
      // Statuses above 499, and 429, are retried.
      throw new AwsError(
        'InvalidRequestException',
        `${url} answered ${response.status}: ${text}`,
        response.status,
      );
    },
  };
}
