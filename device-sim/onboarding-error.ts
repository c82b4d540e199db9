// The errors of onboarding: one line that names the thing, the cause and the remedy.

import { START_FIRST } from '../commands/running-stack.ts';

export class OnboardingError extends Error {
  override readonly name = 'OnboardingError';
  /** Lines printed before the message, if one line is not enough. */
  readonly details: readonly string[];

  constructor(message?: string, options: ErrorOptions & { readonly details?: readonly string[] } = {}) {
    super(message, options);
    this.details = options.details ?? [];
  }
}

const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH/,
    `nothing answers there; for the local cloud ${START_FIRST}`,
  ],
  [
    /CredentialsProvider|credentials/i,
    'configure AWS credentials (aws configure), or add --local for the local cloud',
  ],
  [/Region is missing/i, 'set AWS_REGION, or add --local for the local cloud'],
];

/** The error's own text on one line, with a remedy if one is known. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const text = (message || code || name).replace(/\s+/g, ' ');
  // Errors of the API client in commands/ are written for people, too.
  if (error instanceof OnboardingError || name === 'CommandError') return text;
  const found = REMEDIES.find(([pattern]) => pattern.test(`${name} ${code} ${message}`));
  const known = text.includes(name) || name === 'Error' ? text : `${name}: ${text}`;
  return found ? `${known}: ${found[1]}` : known;
}
