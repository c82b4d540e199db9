// What the template says about keys of KMS: those that sign get a key pair here, of the others only the description is kept.

import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface KeySpec {
  readonly keyId: string;
  readonly arn: string;
  readonly description: string;
  readonly isEnabled: boolean;
  /** Whether it signs; else it would encrypt on AWS. */
  readonly signs: boolean;
}

/** Curve and purpose go together. */
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
