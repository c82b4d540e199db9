// Signs with the key that KMS holds: the private part never leaves it.

import { GetPublicKeyCommand, SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { sealingKey } from '../core/seal/public-key.ts';
import type { Signer } from '../pipeline/seal-ports.ts';

/** `keyId`: of a key with the spec ECC_NIST_P256 for SIGN_VERIFY. */
export function createKmsSigner({
  client,
  keyId: KeyId,
}: {
  readonly client: KMSClient;
  readonly keyId: string;
}): Signer {
  return {
    async key() {
      const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId }));
      try {
        return sealingKey(PublicKey!);
      } catch (error) {
        throw new Error(`the key ${KeyId} cannot seal: ${(error as Error).message}`, { cause: error });
      }
    },
    async sign(digest) {
      const { Signature } = await client.send(
        new SignCommand({ KeyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }),
      );
      return Signature!;
    },
  };
}
