// The AWS CLI as a browser and as its back end: the calls of an SDK that is not ours.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { cliEnvironment } from '../aws/local-cloud.ts';
import { openFixture, provider } from './cognito-fixture.ts';

const run = promisify(execFile);
const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');

testWithCli('the AWS CLI logs a user in and gets its credentials', async () => {
  const { url, poolId } = await openFixture();
  const aws = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await run('aws', ['cognito-identity', ...args, '--output', 'json'], {
      env: cliEnvironment(url),
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const vouch = ['--identity-pool-id', poolId, '--logins', `${provider}=alice`];
  const { IdentityId, Token } = await aws('get-open-id-token-for-developer-identity', ...vouch);
  const login = ['--logins', `cognito-identity.amazonaws.com=${String(Token)}`];
  const got = await aws('get-id', '--identity-pool-id', poolId, ...login);
  assert.equal(got['IdentityId'], IdentityId);
  const { Credentials } = await aws(
    'get-credentials-for-identity',
    '--identity-id',
    String(IdentityId),
    ...login,
  );
  const { AccessKeyId, Expiration } = Credentials as Record<string, unknown>;
  assert.match(String(AccessKeyId), /^ASIALOCAL/);
  assert.equal(Number(Expiration), Date.parse('2026-11-20T13:00:00Z') / 1000);
  await assert.rejects(
    aws('get-credentials-for-identity', '--identity-id', String(IdentityId)),
    /NotAuthorizedException.*is forbidden/s,
  );
});
