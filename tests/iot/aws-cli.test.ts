// The AWS CLI against the local AWS IoT API, as a person types it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openTestIot, serve, temporaryDir } from './iot-fixture.ts';

const run = promisify(execFile);
const isInstalled = (process.env['PATH'] ?? '')
  .split(':')
  .some((folder) => existsSync(path.join(folder, 'aws')));
const skip = isInstalled ? false : 'the AWS CLI is not installed on this machine';

test('the AWS CLI makes, lists and deletes a device', { skip }, async (t) => {
  const { iot } = await openTestIot(t);
  const { url } = await serve(t, iot);
  const dir = temporaryDir(t);
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  };
  const aws = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await run('aws', ['iot', ...args, '--endpoint-url', url, '--output', 'json'], { env });
    return stdout.trim() ? (JSON.parse(stdout) as Record<string, unknown>) : {};
  };
  const document = path.join(dir, 'policy.json');
  const statement = { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' };
  writeFileSync(document, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }));
  await aws('create-thing', '--thing-name', 's1', '--attribute-payload', 'attributes={city=Seattle}');
  await aws('create-policy', '--policy-name', 'P', '--policy-document', `file://${document}`);
  const outfile = path.join(dir, 'cert.pem');
  const made = await aws(
    'create-keys-and-certificate',
    '--set-as-active',
    '--certificate-pem-outfile',
    outfile,
  );
  const principal = String(made['certificateArn']);
  const certificate = ['--certificate-id', String(made['certificateId'])];
  await aws('attach-policy', '--policy-name', 'P', '--target', principal);
  await aws('attach-thing-principal', '--thing-name', 's1', '--principal', principal);
  assert.deepEqual(await aws('list-thing-principals', '--thing-name', 's1'), { principals: [principal] });
  const attached = await aws('list-attached-policies', '--target', principal);
  assert.equal((attached['policies'] as { policyName: string }[])[0]!.policyName, 'P');
  await assert.rejects(aws('delete-certificate', ...certificate), /CertificateStateException/);
  await aws('update-certificate', ...certificate, '--new-status', 'INACTIVE');
  await aws('detach-policy', '--policy-name', 'P', '--target', principal);
  await aws('detach-thing-principal', '--thing-name', 's1', '--principal', principal);
  await aws('delete-certificate', ...certificate);
  await assert.rejects(
    aws('describe-thing', '--thing-name', 's2'),
    /ResourceNotFoundException.*Thing s2 does not exist/,
  );
  await assert.rejects(aws('list-jobs'), /not supported by the local cloud/);
  const things = (await aws('list-things'))['things'] as { attributes: object }[];
  assert.deepEqual(things[0]!.attributes, { city: 'Seattle' });
});
