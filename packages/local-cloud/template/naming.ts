// How AWS forms names, IDs, ARNs and addresses. Where AWS uses random values, they are derived from names here, so that they stay the same.

import { createHash } from 'node:crypto';

/** What names and ARNs are made from. */
export interface StackDefaults {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
}

/** A value of Fn::GetAtt: text, or a list of texts such as the name servers of a zone. */
export type Attribute = string | readonly string[];

export interface Naming {
  /** The property by which the template can set the name. */
  readonly nameProperty?: string;
  /** The names that AWS accepts. */
  readonly pattern?: RegExp;
  /** The default name, to which CloudFormation would add random characters. */
  readonly generate?: (stackName: string, logicalId: string, defaults: StackDefaults) => string;
  /** Service and resource of the ARN, such as `iot` and `rule/Name`. */
  readonly arn: (name: string, defaults: StackDefaults) => string;
  /** The value of Ref, if not the name. */
  readonly ref?: 'arn' | ((name: string, defaults: StackDefaults) => string);
  /** The values of Fn::GetAtt besides `Arn`. */
  readonly attributes?: (name: string, arn: string) => Readonly<Record<string, Attribute>>;
  /** False where CloudFormation has no attribute `Arn`. */
  readonly hasArn?: false;
}

export const within =
  (service: string, resource: (name: string) => string): Naming['arn'] =>
  (name, { region, accountId }) =>
    `arn:aws:${service}:${region}:${accountId}:${resource(name)}`;

/** An internal ARN for resources without one on AWS, so that each has its own. */
export const unnamed = within('cloudformation', (name) => `resource/${name}`);

export const joined = (stackName: string, logicalId: string) => `${stackName}-${logicalId}`;
export const inLowerCase = (stackName: string, logicalId: string) =>
  joined(stackName, logicalId).toLowerCase();
export const withUnderscore = (stackName: string, logicalId: string) =>
  joined(stackName, logicalId).replaceAll(/[^A-Za-z0-9_]/g, '_');

/** AWS chooses a random one; here it is derived from the names, so that it is the same after a restart. */
export const uuid = (stackName: string, logicalId: string): string => {
  const digest = createHash('sha256').update(joined(stackName, logicalId)).digest('hex');
  return digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
};
export const poolId: Naming['generate'] = (stackName, logicalId, defaults) =>
  `${defaults.region}:${uuid(stackName, logicalId)}`;

/** In the form of the SHA-256 of a certificate, which does not exist before the local CA has signed it. */
export const certificateId = (stackName: string, logicalId: string): string =>
  createHash('sha256')
    .update(`certificate ${joined(stackName, logicalId)}`)
    .digest('hex');

export const lettersAndDigits = (stackName: string, logicalId: string) => {
  const digest = createHash('sha256').update(joined(stackName, logicalId)).digest('hex');
  return BigInt(`0x${digest}`).toString(36);
};
/** Ten letters and digits, as AWS chooses them. */
export const apiId: Naming['generate'] = (stackName, logicalId) =>
  lettersAndDigits(stackName, logicalId).slice(0, 10);
export const zoneId: Naming['generate'] = (stackName, logicalId) =>
  `Z${lettersAndDigits(stackName, logicalId).slice(0, 13).toUpperCase()}`;

export const distributionId: Naming['generate'] = (stackName, logicalId) =>
  `E${lettersAndDigits(stackName, logicalId).slice(0, 13).toUpperCase()}`;

/** The three records of a domain's DKIM keys: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ses-emailidentity.html */
export const dkimTokens = (domain: string) =>
  Object.fromEntries(
    [1, 2, 3].flatMap((index) => {
      const token = lettersAndDigits(domain, String(index)).slice(0, 32);
      return [
        [`DkimDNSTokenName${index}`, `${token}._domainkey.${domain}`],
        [`DkimDNSTokenValue${index}`, `${token}.dkim.amazonses.com`],
      ];
    }),
  );

/** The four name servers of a zone, which nobody resolves here. `.test` is reserved for such names (RFC 6761, 6.2). */
export const zoneNameServers = (id: string): readonly string[] =>
  [0, 1, 2, 3].map((index) => `ns-${index}.${id.toLowerCase()}.test`);

/** Letters and digits, in both cases or only lower case, derived from the names. */
const letters = (length: number, radix: 36 | 62, stackName: string, logicalId: string): string => {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(0, radix);
  const digest = createHash('sha256').update(joined(stackName, logicalId)).digest();
  return Array.from(digest.subarray(0, length), (byte) => alphabet[byte % radix]).join('');
};
export const userPoolId: Naming['generate'] = (stackName, logicalId, { region }) =>
  `${region}_${letters(9, 62, stackName, logicalId)}`;
export const clientId: Naming['generate'] = (stackName, logicalId) => letters(26, 36, stackName, logicalId);

/** The name of a user pool in identity pools; with `https://` it is the issuer of its tokens. */
export const userPoolProvider = (id: string): string =>
  `cognito-idp.${id.split('_', 1)[0]}.amazonaws.com/${id}`;

/** The address of the login pages of a user pool on AWS. The local cloud replaces it by its own. */
export const loginAddress = (domain: string, region: string): string =>
  `https://${domain}.auth.${region}.amazoncognito.com`;

/** The address of the queues of a region on AWS. The local cloud replaces it by its own. */
export const queueHost = (region: string): string => `https://sqs.${region}.amazonaws.com`;

/** The address of an HTTP API on AWS. The local cloud replaces it by its own. */
export const executeApiAddress = (id: string, region: string): string =>
  `https://${id}.execute-api.${region}.amazonaws.com`;
