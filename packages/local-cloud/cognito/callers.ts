// Checks API calls that are signed with temporary credentials, and allows those that the identity's role allows.

import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { repeat } from '../aws/repeat.ts';
import { credentialOf, type Authenticated } from '../aws/server.ts';
import { headerOf, requireInTime, requireSignature } from '../aws/signature.ts';
import type { Clock } from '../clock.ts';
import { ACCESS_KEY_PREFIX, type CredentialsMaker, type Session } from './credentials.ts';
import type { Permissions } from './permissions.ts';

export interface CallerDeps {
  readonly credentials: CredentialsMaker;
  readonly permissions: Permissions;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
}

interface Call {
  readonly action: string;
  /** Whole ARN. */
  readonly resource: string;
}

/** The largest body of a browser's call, which is a synchronous invocation. */
const LONGEST_BODY = 6_291_556;

const forbidden = (code: string, message: string) => new AwsError(code, message, 403);

/** IAM's action and resource of a request; undefined for one that browsers may not make here. */
const CALLS: Readonly<Record<string, (req: IncomingMessage, deps: CallerDeps) => Call | undefined>> = {
  lambda({ method, url = '' }, { region, accountId }) {
    const [path = '', query] = url.split('?', 2);
    const name = /^\/2015-03-31\/functions\/(?:[\w%-]*(?:%3A|:))?([\w-]+)\/invocations\/?$/i.exec(path)?.[1];
    if (method !== 'POST' || name === undefined) return undefined;
    const qualifier = new URLSearchParams(query).get('Qualifier');
    const resource = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    return {
      action: 'lambda:InvokeFunction',
      resource: qualifier === null ? resource : `${resource}:${qualifier}`,
    };
  },
};

function requireUnexpired(session: Session, now: number): void {
  if (now < session.expiration) return;
  throw forbidden('ExpiredTokenException', 'The security token included in the request is expired');
}

/**
 * For `createAwsServer`: undefined for requests with other keys, which are the account's own and are not checked.
 *
 * The function rejects with AwsError, 403: UnrecognizedClientException, IncompleteSignatureException,
 * InvalidSignatureException, ExpiredTokenException, AccessDeniedException.
 */
export function createCallerCheck(deps: CallerDeps) {
  const { credentials, permissions, region, clock } = deps;
  return async (req: IncomingMessage, service: string): Promise<Authenticated | undefined> => {
    const accessKeyId = credentialOf(req)?.split('/', 1)[0] ?? '';
    if (!accessKeyId.startsWith(ACCESS_KEY_PREFIX)) return undefined;
    const session = credentials.open(accessKeyId, headerOf(req, 'x-amz-security-token'));
    if ('refused' in session)
      throw forbidden('UnrecognizedClientException', `The security token is invalid: ${session.refused}`);
    const body = await readBody(req, LONGEST_BODY);
    requireSignature(req, body, session.secretAccessKey, { service, region });
    requireUnexpired(session, clock.now());
    requireInTime(req, clock.now());
    const call = Object.hasOwn(CALLS, service) ? CALLS[service]!(req, deps) : undefined;
    const holder = permissions.holderOf(session.identityId, session.role);
    const decision =
      call && holder
        ? permissions.mayCall(holder, call.action, call.resource)
        : { allowed: false, reason: 'browsers make no such call here' };
    if (!decision.allowed) {
      const asked = call ? `${call.action} on resource: ${call.resource}` : `this call of ${service}`;
      const who = `Cognito identity ${session.identityId}`;
      throw forbidden(
        'AccessDeniedException',
        `${who} is not authorized to perform: ${asked}: ${decision.reason}`,
      );
    }
    return {
      caller: { cognitoIdentityId: session.identityId, cognitoIdentityPoolId: session.poolId },
      request: repeat(req, body),
    };
  };
}
