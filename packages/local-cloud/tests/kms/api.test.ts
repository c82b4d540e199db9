// aws kms: keys of the template sign as on AWS, and whatever else they are asked is refused by name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
  type SignCommandInput,
} from '@aws-sdk/client-kms';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createKmsHandler } from '../../kms/api.ts';
import { keysFromTemplate } from '../../kms/key-spec.ts';
import { openKeys } from '../../kms/keys.ts';
import { silentLog } from '../../log.ts';
import { clientOptions, cliEnvironment, serve } from '../aws/local-cloud.ts';
import { load } from '../template/fixture.ts';

const AT = Date.parse('2026-12-01T00:00:00Z');
const template = load(`Resources:
  Signing:
    Type: AWS::KMS::Key
    Properties: { Description: Signs, KeySpec: ECC_NIST_P256, KeyUsage: SIGN_VERIFY, KeyPolicy: {} }
  Encrypting:
    Type: AWS::KMS::Key
    Properties: { EnableKeyRotation: true, KeyPolicy: {} }
  Disabled:
    Type: AWS::KMS::Key
    Properties: { KeySpec: ECC_NIST_P256, KeyUsage: SIGN_VERIFY, Enabled: false, KeyPolicy: {} }
`);
const idOf = (logicalId: string) => template.resources.get(logicalId)!.name;
const run = promisify(execFile);

async function open(dir = temporaryFolder()) {
  const keys = await openKeys(dir, keysFromTemplate(template), AT);
  const server = await serve({ kms: createKmsHandler({ accountId: '000000000000', keys }) }, silentLog);
  cleanup(() => server.close());
  const client = new KMSClient(clientOptions(server.url));
  cleanup(async () => client.destroy());
  return { dir, url: server.url, client };
}

const message = Buffer.from('a day');
const digest = createHash('sha256').update(message).digest();
const signing = (over: Partial<SignCommandInput> = {}) =>
  new SignCommand({
    ...{ KeyId: idOf('Signing'), Message: digest, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' },
    ...over,
  });

test('a message and its digest get a new signature each time, which the public key verifies', async () => {
  const { client } = await open();
  const { PublicKey, SigningAlgorithms, KeySpec, KeyUsage } = await client.send(
    new GetPublicKeyCommand({ KeyId: idOf('Signing') }),
  );
  assert.deepEqual(
    [KeySpec, KeyUsage, SigningAlgorithms],
    ['ECC_NIST_P256', 'SIGN_VERIFY', ['ECDSA_SHA_256']],
  );
  const key = createPublicKey({ key: Buffer.from(PublicKey!), format: 'der', type: 'spki' });
  const signatures = new Set<string>();
  for (let n = 0; n < 40; n += 1) {
    const over = n % 2 === 0 ? {} : { Message: message, MessageType: 'RAW' as const };
    const { Signature } = await client.send(signing(over));
    assert.ok(verify('sha256', message, key, Signature!), Buffer.from(Signature!).toString('hex'));
    signatures.add(Buffer.from(Signature!).toString('hex'));
  }
  assert.equal(signatures.size, 40);
});

test('keys are described as on AWS', async () => {
  const { client } = await open();
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: idOf('Signing') }));
  assert.match(KeyMetadata!.KeyId!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(KeyMetadata!.Arn, `arn:aws:kms:us-east-1:000000000000:key/${KeyMetadata!.KeyId}`);
  assert.deepEqual([KeyMetadata!.Description, KeyMetadata!.KeyState], ['Signs', 'Enabled']);
  const byArn = await client.send(
    new DescribeKeyCommand({ KeyId: template.resources.get('Encrypting')!.arn }),
  );
  assert.deepEqual(byArn.KeyMetadata!.KeyUsage, 'ENCRYPT_DECRYPT');
  assert.deepEqual(byArn.KeyMetadata!.CreationDate, new Date(AT));
});

/** What is asked, and how it is refused. */
const refusals: readonly (readonly [what: string, command: SignCommand, name: string, message: RegExp])[] = [
  [
    'an unknown key',
    signing({ KeyId: 'alias/x' }),
    'NotFoundException',
    /^Key 'alias\/x' does not exist; .* no aliases$/,
  ],
  [
    'a key that encrypts',
    signing({ KeyId: idOf('Encrypting') }),
    'InvalidKeyUsageException',
    /not valid for Sign/,
  ],
  ['a disabled key', signing({ KeyId: idOf('Disabled') }), 'DisabledException', /is disabled/],
  ['a short digest', signing({ Message: message }), 'ValidationException', /^Digest is invalid length/],
  [
    'a long message',
    signing({ Message: Buffer.alloc(4097), MessageType: 'RAW' }),
    'ValidationException',
    /4096/,
  ],
  [
    'an algorithm of RSA',
    signing({ SigningAlgorithm: 'RSASSA_PSS_SHA_256' }),
    'InvalidKeyUsageException',
    /incompat/,
  ],
  [
    'a dry run',
    signing({ DryRun: true }),
    'ValidationException',
    /does not support the parameter DryRun of Sign$/,
  ],
];
for (const [what, command, name, text] of refusals) {
  test(`refused: ${what}`, async () => {
    const { client } = await open();
    await assert.rejects(client.send(command), { name, message: text });
  });
}

test('other operations and public keys of symmetric keys are refused', async () => {
  const { client } = await open();
  await assert.rejects(client.send(new CreateKeyCommand({})), {
    message:
      "The local cloud has no KMS operation 'TrentService.CreateKey'; it has DescribeKey, GetPublicKey, Sign; to create or change one, declare an AWS::KMS::Key in the template",
  });
  const asked = client.send(new GetPublicKeyCommand({ KeyId: idOf('Encrypting') }));
  await assert.rejects(asked, { name: 'UnsupportedOperationException' });
});

test('a key pair is kept for its owner alone, and a damaged one is named', async () => {
  const { dir, client } = await open();
  const publicKey = async (of: KMSClient) =>
    Buffer.from((await of.send(new GetPublicKeyCommand({ KeyId: idOf('Signing') }))).PublicKey!).toString(
      'hex',
    );
  const first = await publicKey(client);
  assert.deepEqual(readdirSync(dir).sort(), [`${idOf('Signing')}.pem`, `${idOf('Disabled')}.pem`].sort());
  const file = path.join(dir, `${idOf('Signing')}.pem`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await publicKey((await open(dir)).client), first);
  writeFileSync(file, 'x');
  await assert.rejects(
    openKeys(dir, keysFromTemplate(template), AT),
    /\.pem is damaged .*: restore it, or remove it/,
  );
});

const wrongKeys: readonly (readonly [properties: string, problem: RegExp])[] = [
  [
    'KeySpec: ECC_NIST_P256',
    /template.yaml:\d+: Key: KeyUsage is ENCRYPT_DECRYPT, and .* is for SIGN_VERIFY$/,
  ],
  [
    'KeyUsage: SIGN_VERIFY',
    /template.yaml:\d+: Key: KeyUsage is SIGN_VERIFY, and .* is for ENCRYPT_DECRYPT$/,
  ],
  ['KeySpec: RSA_2048, KeyUsage: SIGN_VERIFY', /template.yaml:\d+: Key.*KeySpec/],
];
for (const [properties, problem] of wrongKeys) {
  test(`a template with ${properties} is refused by line`, () => {
    const text = `Resources:\n  Key:\n    Type: AWS::KMS::Key\n    Properties: { KeyPolicy: {}, ${properties} }\n`;
    assert.throws(() => keysFromTemplate(load(text)), problem);
  });
}

const withClients = testIf(
  isInstalled('aws') && isInstalled('openssl'),
  'the AWS CLI or openssl is not installed',
);
withClients('the AWS CLI signs a file, and openssl verifies it', async () => {
  const { dir, url } = await open();
  const [file, signature, key] = ['m', 's', 'k.der'].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, message);
  const env = cliEnvironment(url);
  const keyFlag = ['--key-id', idOf('Signing'), '--output', 'text'];
  const sign = [
    '--message',
    `fileb://${file}`,
    '--signing-algorithm',
    'ECDSA_SHA_256',
    '--query',
    'Signature',
  ];
  const signed = await run('aws', ['kms', 'sign', ...keyFlag, ...sign], { env });
  writeFileSync(signature, Buffer.from(signed.stdout, 'base64'));
  const got = await run('aws', ['kms', 'get-public-key', ...keyFlag, '--query', 'PublicKey'], { env });
  writeFileSync(key, Buffer.from(got.stdout, 'base64'));
  const args = ['dgst', '-sha256', '-verify', key, '-keyform', 'DER', '-signature', signature, file];
  assert.equal((await run('openssl', args)).stdout, 'Verified OK\n');
  assert.equal(readFileSync(file, 'utf8'), 'a day');
});
