// Cognito over the sample template, in a temporary folder and with a clock that tests move, served on a free port.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createAwsServer } from '../../aws/server.ts';
import type { AwsHandler, Caller } from '../../aws/wire.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { createCallerCheck } from '../../cognito/callers.ts';
import { openCognito, type Cognito } from '../../cognito/cognito.ts';
import { openIot, type Iot } from '../../iot/iot.ts';
import { silentLog } from '../../log.ts';
import type { ResolvedTemplate } from '../../template/resolved.ts';
import type { User } from '../../cognito/users.ts';
import { loadSample, stackDefaults } from '../template/fixture.ts';
import { mint } from './id-token.ts';

export const start = Date.parse('2026-11-20T12:00:00Z');
export const ownPage = 'http://localhost:8080';
export const provider = 'login.tidegate';

export interface Fixture {
  readonly dir: string;
  readonly clock: ManualClock;
  readonly iot: Iot;
  readonly cognito: Cognito;
  readonly poolId: string;
  readonly url: string;
  /** Who invoked a function, in the order of invocation; undefined for the account itself. */
  readonly callers: (Caller | undefined)[];
  /** One unsigned call, as a browser makes it. */
  readonly call: (operation: string, input: unknown, headers?: Record<string, string>) => Promise<Answer>;
  /** One call with developer credentials. */
  readonly callSigned: (operation: string, input: unknown) => Promise<Answer>;
  readonly guest: () => Promise<Issued>;
  readonly login: (user: string) => Promise<Issued>;
  /** A user of the template's user pool, with the ID token that a login gives. */
  readonly member: (
    ...groups: string[]
  ) => Promise<Issued & { readonly user: User; readonly idToken: string }>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface Issued {
  readonly identityId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: number;
}

const signed = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/cognito-identity/aws4_request, SignedHeaders=host, Signature=00',
};

function issuedOf({ body }: Answer): Issued {
  const credentials = body['Credentials'] as Record<string, string>;
  return {
    identityId: String(body['IdentityId']),
    accessKeyId: credentials['AccessKeyId']!,
    secretAccessKey: credentials['SecretKey']!,
    sessionToken: credentials['SessionToken']!,
    expiration: Number(credentials['Expiration']),
  };
}

export async function openFixture(
  options: { dir?: string; overrides?: Record<string, string>; template?: ResolvedTemplate } = {},
): Promise<Fixture> {
  const { dir = temporaryFolder(), overrides, template = loadSample(overrides) } = options;
  const clock = createManualClock(start);
  const iot = await openIot({ ...stackDefaults, dir: path.join(dir, 'iot'), clock, log: silentLog });
  await iot.seed(template);
  const { registry } = iot;
  const cognito = await openCognito({ dir: path.join(dir, 'cognito'), template, registry, clock });
  const callers: (Caller | undefined)[] = [];
  const lambda: AwsHandler = async (req, res, caller) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    callers.push(caller);
    res.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.concat(chunks));
  };
  const server = await createAwsServer({
    host: '127.0.0.1',
    port: 0,
    services: {
      ...{ 'cognito-identity': cognito.handler, lambda, sns: lambda },
      ...(cognito.userPool && { 'cognito-idp': cognito.userPool.handler }),
    },
    authenticate: createCallerCheck({ ...stackDefaults, ...cognito, clock }),
    origins: () => [ownPage],
    log: silentLog,
    count: () => {},
  });
  cleanup(async () => {
    await server.close();
    await iot.close();
  });
  const [pool] = template.ofType('AWS::Cognito::IdentityPool');
  const poolId = pool?.ref ?? '';

  const call: Fixture['call'] = async (operation, input, headers = {}) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityService.${operation}`,
        ...headers,
      },
      body: typeof input === 'string' ? input : JSON.stringify(input),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  };
  const callSigned: Fixture['callSigned'] = (operation, input) => call(operation, input, signed);
  return {
    ...{ dir, clock, iot, cognito, poolId, url: server.url, callers, call, callSigned },
    async guest() {
      const { body } = await call('GetId', { IdentityPoolId: poolId });
      return issuedOf(await call('GetCredentialsForIdentity', { IdentityId: body['IdentityId'] }));
    },
    async login(user) {
      const asked = { IdentityPoolId: poolId, Logins: { [provider]: user } };
      const { body } = await callSigned('GetOpenIdTokenForDeveloperIdentity', asked);
      const Logins = { 'cognito-identity.amazonaws.com': body['Token'] };
      return issuedOf(await call('GetCredentialsForIdentity', { IdentityId: body['IdentityId'], Logins }));
    },
    async member(...groups) {
      const service = cognito.userPool!;
      const { users } = service;
      const name = `user-${users.all().length}`;
      const user = {
        sub: randomUUID(),
        email: `${name}@localhost`,
        groups,
        password: undefined,
        createdAt: start,
      };
      await users.put(user);
      const idToken = await mint(service, user, { now: clock.now() });
      const Logins = { [users.pool.provider]: idToken };
      const { body } = await call('GetId', { IdentityPoolId: poolId, Logins });
      const answer = await call('GetCredentialsForIdentity', { IdentityId: body['IdentityId'], Logins });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return { ...issuedOf(answer), user, idToken };
    },
  };
}
