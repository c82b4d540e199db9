// The AWS CLI against the local AWS IoT API, as a person types it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openTestIot, serve } from './iot-fixture.ts';

const run = promisify(execFile);
const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');

testWithCli('the AWS CLI makes a device, and is told by the codes of AWS what is refused', async () => {
  const { iot } = await openTestIot();
  const { url } = await serve(iot);
  const dir = temporaryFolder();
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
  await aws('create-thing', '--thing-name', 's1', '--attribute-payload', 'attributes={city=Seattle}');
  const outfile = path.join(dir, 'cert.pem');
  const made = await aws(
    'create-keys-and-certificate',
    '--set-as-active',
    '--certificate-pem-outfile',
    outfile,
  );
  assert.match(readFileSync(outfile, 'utf8'), /BEGIN CERTIFICATE/);
  const principal = String(made['certificateArn']);
  await aws('attach-thing-principal', '--thing-name', 's1', '--principal', principal);
  assert.deepEqual(await aws('list-thing-principals', '--thing-name', 's1'), { principals: [principal] });
  const certificate = ['--certificate-id', String(made['certificateId'])];
  await assert.rejects(aws('delete-certificate', ...certificate), /CertificateStateException/);
  await assert.rejects(aws('list-billing-groups'), /not supported by the local cloud/);
});
