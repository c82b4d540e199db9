// Reads the template's KMS keys: those for signing get a key pair here, the others only have a description.

import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface KeySpec {
  readonly keyId: string;
  readonly arn: string;
  readonly description: string;
  readonly isEnabled: boolean;
  /** Whether it is for signing; on AWS, the others encrypt. */
  readonly signs: boolean;
}

/** The purpose that each key spec may have. */
const PURPOSES: Readonly<Record<string, string>> = {
  SYMMETRIC_DEFAULT: 'ENCRYPT_DECRYPT',
  ECC_NIST_P256: 'SIGN_VERIFY',
};

type Properties = Readonly<Partial<Record<'KeySpec' | 'KeyUsage' | 'Description', string>>> & {
  readonly Enabled?: boolean | string;
};

function keyOf({ name, arn, properties, logicalId, at }: ResolvedResource): KeySpec {
  const {
    KeySpec: spec = 'SYMMETRIC_DEFAULT',
    KeyUsage: usage = 'ENCRYPT_DECRYPT',
    Description: description = '',
    Enabled: enabled = true,
  } = properties as Properties;
  const expected = PURPOSES[spec];
  if (usage !== expected)
    throw new StartError(
      `${at('KeyUsage')}: ${logicalId}: KeyUsage is ${usage}, and a key with the KeySpec ${spec} is for ${expected}`,
    );
  return {
    ...{ keyId: name, arn, description, isEnabled: String(enabled) === 'true' },
    signs: usage === 'SIGN_VERIFY',
  };
}

/** Every AWS::KMS::Key of the template. @throws StartError naming the line of a key that AWS refuses. */
export const keysFromTemplate = (template: Pick<ResolvedTemplate, 'ofType'>): KeySpec[] =>
  template.ofType('AWS::KMS::Key').map(keyOf);
