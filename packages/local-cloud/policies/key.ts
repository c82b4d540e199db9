// The policy variables and condition keys of AWS IoT that have a value in the local cloud.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html

/** X.520 attributes by the name AWS gives them in `iot:Certificate.Subject.*` and `iot:Certificate.Issuer.*`. */
export const nameAttributes: ReadonlyMap<string, string> = new Map([
  ['DistinguishedNameQualifier', '2.5.4.46'],
  ['Country', '2.5.4.6'],
  ['Organization', '2.5.4.10'],
  ['OrganizationalUnit', '2.5.4.11'],
  ['State', '2.5.4.8'],
  ['CommonName', '2.5.4.3'],
  ['SerialNumber', '2.5.4.5'],
  ['Title', '2.5.4.12'],
  ['Surname', '2.5.4.4'],
  ['GivenName', '2.5.4.42'],
  ['Initials', '2.5.4.43'],
  ['Pseudonym', '2.5.4.65'],
  ['GenerationQualifier', '2.5.4.44'],
]);

/** Kinds of alternative names, by the name that AWS gives them, with the certificate library's word for each. */
export const alternativeNames: ReadonlyMap<string, string> = new Map([
  ['RFC822Name', 'email'],
  ['DNSName', 'dns'],
  ['DirectoryName', 'dn'],
  ['UniformResourceIdentifier', 'url'],
  ['IPAddress', 'ip'],
]);

const SIMPLE_KEYS = [
  'aws:SourceIp',
  'aws:CurrentTime',
  'aws:EpochTime',
  'aws:SecureTransport',
  'iot:ClientId',
  'iot:CertificateId',
  'iot:ConnectAttributes',
  'iot:LastWillTopic',
  'iot:Connection.Thing.ThingName',
  'iot:Connection.Thing.ThingTypeName',
  'iot:Connection.Thing.IsAttached',
  'iot:Certificate.SerialNumber',
  'iot:Certificate.AvailableKeys',
  // Of callers with a Cognito identity: pool, authentication, identity.
  'cognito-identity.amazonaws.com:aud',
  'cognito-identity.amazonaws.com:amr',
  'cognito-identity.amazonaws.com:sub',
];

const listKeys = ['Subject', 'Issuer'].flatMap((side) => [
  ...[...nameAttributes.keys()].map((name) => `iot:Certificate.${side}.${name}`),
  ...[...alternativeNames.keys()].map((name) => `iot:Certificate.${side}.AlternativeName.${name}`),
]);

const CANONICAL = new Map([...SIMPLE_KEYS, ...listKeys].map((key) => [key.toLowerCase(), key]));
const LISTS = new Set(listKeys);

/**
 * The one spelling of a key: keys are case-insensitive, but for the attribute name in
 * `iot:Connection.Thing.Attributes[name]`. `.0` is the first value, as no suffix is.
 *
 * @returns undefined for a key that AWS IoT does not have or the local cloud gives no value.
 */
export function canonicalKey(key: string): string | undefined {
  const attribute = /^iot:connection\.thing\.attributes\[([a-zA-Z0-9_.,@/:#-]{1,128})\]$/i.exec(key);
  if (attribute) return `iot:Connection.Thing.Attributes[${attribute[1]}]`;
  const [, base = '', suffix] = /^(.*?)(?:\.(\d|list))?$/is.exec(key)!;
  const known = CANONICAL.get(base.toLowerCase());
  if (!known || suffix === undefined) return known;
  if (!LISTS.has(known)) return undefined;
  if (suffix === '0') return known;
  return `${known}.${suffix.toLowerCase() === 'list' ? 'List' : suffix}`;
}
