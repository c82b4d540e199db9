// `aws sts get-caller-identity`, which people run first to see whether the endpoint answers.

import { createQueryHandler } from './query.ts';
import type { AwsHandler } from './wire.ts';

/** Signatures are not checked on the local port, so every caller is the account's root. */
export function createStsHandler(accountId: string): AwsHandler {
  return createQueryHandler({
    name: 'STS',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    limit: 16_384,
    actions: {
      GetCallerIdentity: {
        accepts: [],
        run: () => ({ Arn: `arn:aws:iam::${accountId}:root`, UserId: accountId, Account: accountId }),
      },
    },
  });
}
