// `policy explain --identity`: what lets a browser do something, from the data directory and the template.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { AttachPolicyCommand } from '@aws-sdk/client-iot';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { serve } from '../iot/iot-fixture.ts';
import { openFixture } from '../cognito/cognito-fixture.ts';
import { sampleFile } from '../template/fixture.ts';

const cli = path.resolve(import.meta.dirname, '../../cli.ts');
const stack = ['--template', sampleFile, '--stack-name', 'tidegate'];

const explain = (dir: string, ...args: string[]) =>
  new Promise<string>((resolve) => {
    const given = [cli, 'policy', 'explain', '--data-dir', dir, ...stack, ...args];
    execFile(process.execPath, given, (_error, stdout, stderr) => resolve(stdout + stderr));
  });

test('a guest is explained by the role alone', async () => {
  const { dir, guest } = await openFixture();
  const { identityId } = await guest();
  const hear = await explain(
    dir,
    '--identity',
    identityId,
    '--action',
    'receive',
    '--topic',
    'telemetry/a/b',
  );
  const [first, second, third, fourth] = hear.split('\n');
  assert.equal(first, `iot:Receive on topic/telemetry/a/b, as client dashboard-${identityId} from 127.0.0.1`);
  assert.equal(second, `identity ${identityId} unauthenticated, of pool tidegate-dashboard`);
  assert.equal(third, '  policies  role DashboardGuestRole');
  assert.match(
    fourth!,
    /^ {2}ALLOWED {3}allowed by DashboardGuestRole policy \S+ statement \d+ \(Sid \w+\)$/,
  );
  const say = await explain(dir, '--identity', identityId, '--action', 'publish', '--topic', 'commands/a/b');
  assert.match(
    say,
    /REFUSED {3}no policy of role DashboardGuestRole allows iot:Publish on topic\/commands\/a\/b/,
  );
  const off = ['--action', 'connect', '--parameter-overrides', 'AllowGuests=false'];
  assert.match(
    await explain(dir, '--identity', identityId, ...off),
    /gives unauthenticated identities no role/,
  );
});

test('a user is explained by the role and the policy attached to the identity', async () => {
  const { dir, iot, login } = await openFixture();
  const { identityId } = await login('alice');
  const asked = ['--identity', identityId, '--action', 'publish', '--topic', 'commands/fridge-1/door'];
  assert.match(await explain(dir, ...asked), /REFUSED {3}Cognito identity \S+ has no policy attached/);
  const { client } = await serve(iot);
  await client.send(new AttachPolicyCommand({ policyName: 'Dashboard', target: identityId }));
  const answer = await explain(dir, ...asked);
  assert.match(answer, /policies {2}role DashboardUserRole, Dashboard version 1 \(of the identity\)/);
  assert.match(answer, /ALLOWED/);
});

test('an identity that is not of this installation, and a folder without identities, are named', async () => {
  const { dir } = await openFixture();
  const asked = ['--identity', 'us-east-1:no', '--action', 'connect'];
  assert.match(await explain(dir, ...asked), /^no identity pool of the template has us-east-1:no\n$/);
  assert.match(
    await explain(temporaryFolder(), ...asked),
    /^local-cloud is not running in .*: run local-cloud start first/,
  );
  const both = await explain(dir, '--thing', 's1', ...asked);
  assert.match(both, /^--identity ID cannot be combined with --thing and --certificate: leave them out\n$/);
});
