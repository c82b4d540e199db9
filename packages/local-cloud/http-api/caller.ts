// Checks who calls the HTTP API, by the signature of the request, and whether the role allows the call.

import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { credentialOf } from '../aws/server.ts';
import { headerOf, requireInTime, requireSignature } from '../aws/signature.ts';
import type { Clock } from '../clock.ts';
import { ACCESS_KEY_PREFIX, type CredentialsMaker, type Session } from '../cognito/credentials.ts';
import type { Holder, Permissions } from '../cognito/permissions.ts';

/** `requestContext.authorizer.iam` of the event. */
export interface IamCaller {
  readonly accessKey: string;
  readonly accountId: string;
  readonly callerId: string;
  readonly cognitoIdentity: {
    readonly amr: readonly string[];
    readonly identityId: string;
    readonly identityPoolId: string;
  } | null;
  readonly principalOrgId: null;
  readonly userArn: string;
  readonly userId: string;
}

export interface CallerDeps {
  readonly credentials: CredentialsMaker;
  readonly permissions: Permissions;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
}

interface Key {
  readonly secretAccessKey: string;
  /** Absent for the account's own key. */
  readonly session?: Session;
}

/** Looks up the key before the body is read, then checks signature, time and permission. */
export interface CallerCheck {
  /** @throws AwsError, 403. */
  keyOf(req: IncomingMessage): Key;
  /** @param resource whole ARN of the requested resource. @throws AwsError, 403, with the reason for the log. */
  callerOf(req: IncomingMessage, body: Buffer, key: Key, resource: string): IamCaller;
}

/** Name and secret of the developer's key, as at every port of this machine. */
const OWN_KEY = 'local';
const ACTION = 'execute-api:Invoke';

const forbidden = (reason: string) => new AwsError('ForbiddenException', reason, 403);

const accessKeyOf = (req: IncomingMessage) => credentialOf(req)?.split('/', 1)[0] ?? '';

/** @throws AwsError when the role of the session may not call `resource` */
function holderOf({ permissions }: CallerDeps, { identityId, role }: Session, resource: string): Holder {
  const holder = permissions.holderOf(identityId, role);
  if (!holder) throw forbidden(`no identity pool has ${identityId}`);
  const decision = permissions.mayCall(holder, ACTION, resource);
  if (decision.allowed) return holder;
  throw forbidden(`${identityId} may not ${ACTION} on ${resource}: ${decision.reason}`);
}

/** The account's own key, or that of a session that has not expired. @throws AwsError */
function keyOf({ credentials, clock }: CallerDeps, req: IncomingMessage): Key {
  const accessKeyId = accessKeyOf(req);
  if (accessKeyId === '' || !req.headers.authorization)
    throw forbidden('the request is not signed in its header');
  if (accessKeyId === OWN_KEY) return { secretAccessKey: OWN_KEY };
  if (!accessKeyId.startsWith(ACCESS_KEY_PREFIX))
    throw forbidden(`access key ${accessKeyId} is not of this installation`);
  const session = credentials.open(accessKeyId, headerOf(req, 'x-amz-security-token'));
  if ('refused' in session) throw forbidden(session.refused);
  if (clock.now() >= session.expiration) throw forbidden('the credentials have expired');
  return { secretAccessKey: session.secretAccessKey, session };
}

type Shared = Pick<IamCaller, 'accessKey' | 'accountId' | 'principalOrgId'>;

function accountCaller(shared: Shared): IamCaller {
  const { accountId } = shared;
  const userArn = `arn:aws:iam::${accountId}:root`;
  return { ...shared, callerId: accountId, cognitoIdentity: null, userArn, userId: accountId };
}

function sessionCaller(
  shared: Shared,
  { amr, identityId }: Session,
  { pool, kind, role }: Holder,
): IamCaller {
  const roleName = role!.arn.split('/').at(-1)!;
  const userId = 'AROALOCAL:CognitoIdentityCredentials';
  return {
    ...shared,
    callerId: userId,
    cognitoIdentity: { amr: [kind, ...amr], identityId, identityPoolId: pool.id },
    userArn: `arn:aws:sts::${shared.accountId}:assumed-role/${roleName}/CognitoIdentityCredentials`,
    userId,
  };
}

export function createApiCallers(deps: CallerDeps): CallerCheck {
  const { region, accountId, clock } = deps;
  return {
    keyOf: (req) => keyOf(deps, req),
    callerOf(req, body, { secretAccessKey, session }, resource) {
      requireSignature(req, body, secretAccessKey, { service: 'execute-api', region });
      requireInTime(req, clock.now());
      const shared = { accessKey: accessKeyOf(req), accountId, principalOrgId: null };
      if (!session) return accountCaller(shared);
      return sessionCaller(shared, session, holderOf(deps, session, resource));
    },
  };
}
