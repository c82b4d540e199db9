// AWS KMS on the AWS port: describes the template's keys, and signs with those for signing.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html

import { hash } from 'node:crypto';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import { createJsonHandler, type Input, type JsonOperation } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import { printable } from '../log.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { keysFromTemplate } from './key-spec.ts';
import { openKeys, type StoredKey } from './keys.ts';
import { signDigest } from './sign-digest.ts';

export interface KmsCloud {
  readonly accountId: string;
  /** By ARN. */
  readonly keys: ReadonlyMap<string, StoredKey>;
}

const ALGORITHM = 'ECDSA_SHA_256';
const LONGEST_MESSAGE = 4096;
const DIGEST_BYTES = 32;
const ALGORITHMS = [
  ...['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'],
  ...['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'],
  ...[ALGORITHM, 'ECDSA_SHA_384', 'ECDSA_SHA_512', 'SM2DSA', 'ML_DSA_SHAKE_256'],
  ...['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
];

function find({ keys }: KmsCloud, input: Input): StoredKey {
  const asked = input['KeyId'];
  if (typeof asked !== 'string' || asked === '')
    throw new AwsError(
      'ValidationException',
      "1 validation error detected: Value at 'keyId' failed to satisfy constraint: Member must not be null",
    );
  const found = keys.get(asked) ?? [...keys.values()].find(({ keyId }) => keyId === asked);
  if (found) return found;
  const hint = asked.includes('alias/') ? '; the local cloud has no aliases' : '';
  throw new AwsError('NotFoundException', `Key '${printable(asked).slice(0, 200)}' does not exist${hint}`);
}

function findSigning(cloud: KmsCloud, input: Input) {
  const key = find(cloud, input);
  if (!key.isEnabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`);
  return key;
}

function bytesIn(input: Input): Buffer {
  const text = input['Message'];
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length > 0 && bytes.length <= LONGEST_MESSAGE) return bytes;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have a length from 1 to ${LONGEST_MESSAGE}`,
  );
}

function digestIn(input: Input): Buffer {
  const { MessageType: type = 'RAW' } = input;
  const bytes = bytesIn(input);
  if (type === 'RAW') return hash('sha256', bytes, 'buffer');
  if (type !== 'DIGEST')
    throw new AwsError(
      'ValidationException',
      `MessageType ${printable(JSON.stringify(type))} must be RAW or DIGEST`,
    );
  if (bytes.length === DIGEST_BYTES) return bytes;
  throw new AwsError('ValidationException', `Digest is invalid length for algorithm ${ALGORITHM}.`);
}

const OPERATIONS: Readonly<Record<string, JsonOperation<KmsCloud>>> = {
  DescribeKey: {
    accepts: ['KeyId', 'GrantTokens'],
    run(cloud, input) {
      const { keyId, arn, description, isEnabled, signs, createdAt } = find(cloud, input);
      return {
        KeyMetadata: {
          ...{ AWSAccountId: cloud.accountId, KeyId: keyId, Arn: arn, Description: description },
          ...{ CreationDate: createdAt / 1000, Enabled: isEnabled },
          ...{ KeyState: isEnabled ? 'Enabled' : 'Disabled', Origin: 'AWS_KMS', KeyManager: 'CUSTOMER' },
          ...(signs ? SIGNING : ENCRYPTING),
          MultiRegion: false,
        },
      };
    },
  },
  GetPublicKey: {
    accepts: ['KeyId', 'GrantTokens'],
    run(cloud, input) {
      const { arn, pair } = findSigning(cloud, input);
      if (!pair)
        throw new AwsError('UnsupportedOperationException', `${arn} has no public key: it is symmetric.`);
      const der = pair.publicKey.export({ type: 'spki', format: 'der' });
      return { KeyId: arn, PublicKey: der.toString('base64'), ...SIGNING };
    },
  },
  Sign: {
    accepts: ['KeyId', 'GrantTokens', 'Message', 'MessageType', 'SigningAlgorithm'],
    run(cloud, input) {
      const { arn, pair } = findSigning(cloud, input);
      const algorithm = input['SigningAlgorithm'];
      if (typeof algorithm !== 'string' || !ALGORITHMS.includes(algorithm))
        throw new AwsError(
          'ValidationException',
          `1 validation error detected: Value at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [${ALGORITHMS.join(', ')}]`,
        );
      const usage = pair ? 'SIGN_VERIFY' : 'ENCRYPT_DECRYPT';
      if (!pair)
        throw new AwsError(
          'InvalidKeyUsageException',
          `${arn} key usage is ${usage} which is not valid for Sign.`,
        );
      if (algorithm !== ALGORITHM)
        throw new AwsError(
          'InvalidKeyUsageException',
          `Algorithm ${algorithm} is incompatible with key spec ECC_NIST_P256.`,
        );
      const signature = signDigest(pair.privateKey, digestIn(input)).toString('base64');
      return { KeyId: arn, Signature: signature, SigningAlgorithm: ALGORITHM };
    },
  },
};

const SIGNING = {
  ...{ KeySpec: 'ECC_NIST_P256', CustomerMasterKeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
  SigningAlgorithms: [ALGORITHM],
};
const ENCRYPTING = {
  ...{ KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
  ...{ KeyUsage: 'ENCRYPT_DECRYPT', EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] },
};

const SERVICE = {
  ...{ name: 'KMS', targetPrefix: 'TrentService.', operations: OPERATIONS },
  instead: 'declare an AWS::KMS::Key in the template',
  ...{ longestBody: 65_536, invalid: 'ValidationException' },
};

export const createKmsHandler = (cloud: KmsCloud): AwsHandler => createJsonHandler(SERVICE, cloud);

/** Serves the keys of the template, with their files in `kms/` of the data directory. */
export async function openKms({
  dataDir,
  template,
  clock,
}: {
  readonly dataDir: string;
  readonly template: Pick<ResolvedTemplate, 'ofType' | 'accountId'>;
  readonly clock: Pick<Clock, 'now'>;
}): Promise<AwsHandler> {
  const { accountId } = template;
  const keys = await openKeys(path.join(dataDir, 'kms'), keysFromTemplate(template), clock.now());
  return createKmsHandler({ accountId, keys });
}
