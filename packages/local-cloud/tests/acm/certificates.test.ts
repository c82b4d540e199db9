// Certificates of AWS Certificate Manager and names for devices, as a template declares them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { covers } from '../../acm/certificate-spec.ts';
import { createManualClock } from '../../clock.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openTestIot, start } from '../iot/iot-fixture.ts';
import { indent, load, withTemplate } from '../template/fixture.ts';

const certificate = (name: string, more = '', id = 'Cert') => `${id}:
  Type: AWS::CertificateManager::Certificate
  Properties:
    DomainName: '${name}'
    ValidationMethod: DNS
    DomainValidationOptions: [{ DomainName: '${name}', HostedZoneId: Z1 }]
${indent(more, 4)}`;
const domain = (name: string, more = '', id = 'Domain') => `${id}:
  Type: AWS::IoT::DomainConfiguration
  Properties:
    DomainName: ${name}
${indent(more === '' ? 'ServerCertificateArns: [!Ref Cert]\n' : more, 4)}`;
const stack = (...resources: string[]) => `Resources:\n${indent(resources.join(''), 2)}`;

const open = async (text: string, dir = temporaryFolder(), at = start) =>
  (await openTestIot({ dir, template: load(text), clock: createManualClock(at) })).iot;

test('the local CA issues a certificate for its names, with a key of the requested kind', async () => {
  const dir = temporaryFolder();
  const more =
    "SubjectAlternativeNames: ['*.iot.example.com', IOT.example.com]\nKeyAlgorithm: EC_prime256v1\n";
  const iot = await open(
    stack(certificate('iot.example.com', more), certificate('api.example.com', '', 'Other')),
    dir,
  );
  const [first, second] = [...iot.certificates.values()];
  const parsed = new X509Certificate(first!.cert);
  assert.equal(parsed.subject, 'CN=iot.example.com');
  assert.equal(parsed.subjectAltName, 'DNS:iot.example.com, DNS:*.iot.example.com');
  assert.ok(parsed.verify(new X509Certificate(iot.ca.certificatePem).publicKey));
  assert.ok(parsed.checkPrivateKey(createPrivateKey(first!.key)));
  assert.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'it is for servers');
  const kinds = [first, second].map((each) => each!.parsed.publicKey.asymmetricKeyType);
  assert.deepEqual(kinds, ['ec', 'rsa'], 'RSA is what ACM gives by default');
  assert.equal(second!.parsed.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  const keys = readdirSync(path.join(dir, 'acm')).filter((name) => name.endsWith('.key.pem'));
  assert.equal(keys.length, 2);
  for (const name of keys) assert.equal(statSync(path.join(dir, 'acm', name)).mode & 0o777, 0o600, name);
});

test('a certificate stays the same over restarts until it nears its end, and another name makes another one', async () => {
  const dir = temporaryFolder();
  const text = stack(certificate('iot.example.com', 'KeyAlgorithm: EC_prime256v1\n'));
  const certOf = async (template: string, days: number) => {
    const iot = await open(template, dir, start + days * 86_400_000);
    return [...iot.certificates.values()][0]!.cert;
  };
  const first = await certOf(text, 0);
  assert.equal(await certOf(text, 300), first);
  const renewed = await certOf(text, 380);
  assert.notEqual(renewed, first);
  const other = await certOf(text.replaceAll('iot.', 'mqtt.'), 380);
  assert.equal(new X509Certificate(other).subject, 'CN=mqtt.example.com');
  const rsa = await certOf(text.replaceAll('EC_prime256v1', 'RSA_2048').replaceAll('iot.', 'mqtt.'), 380);
  assert.equal(new X509Certificate(rsa).publicKey.asymmetricKeyType, 'rsa');
});

test('without certificates in the template there is no folder for them', async () => {
  const dir = temporaryFolder();
  await open(stack('B: { Type: AWS::S3::Bucket }\n'), dir);
  assert.ok(!readdirSync(dir).includes('acm'));
});

test('a domain configuration has its name, its certificate and its policy', async () => {
  const tls =
    'ServerCertificateArns: [!Ref Cert]\nTlsConfig: { SecurityPolicy: IoTSecurityPolicy_TLS13_1_3_2022_10 }\n';
  const off = 'ServerCertificateArns: [!Ref Cert]\nDomainConfigurationStatus: DISABLED\n';
  const text = stack(
    certificate('*.example.com'),
    domain('IoT.example.com', tls),
    domain('old.example.com', off, 'Old'),
  );
  const { domains, certificates } = await open(text);
  const [arn] = certificates.keys();
  assert.match(arn!, /^arn:aws:acm:us-east-1:000000000000:certificate\/[0-9a-f-]{36}$/);
  assert.deepEqual(
    domains.map(({ domainName, certificateArn, isEnabled, securityPolicy }) => [
      domainName,
      certificateArn,
      isEnabled,
      securityPolicy,
    ]),
    [
      ['iot.example.com', arn, true, 'IoTSecurityPolicy_TLS13_1_3_2022_10'],
      ['old.example.com', arn, false, 'IoTSecurityPolicy_TLS13_1_2_2022_10'],
    ],
  );
});

const names: readonly (readonly [of: string[], name: string, isCovered: boolean])[] = [
  [['iot.example.com'], 'iot.example.com', true],
  [['iot.example.com'], 'example.com', false],
  [['*.example.com'], 'iot.example.com', true],
  [['*.example.com'], 'a.iot.example.com', false],
  [['*.example.com'], 'example.com', false],
  [['api.example.com', 'iot.example.com'], 'iot.example.com', true],
];
for (const [of, name, isCovered] of names)
  test(`a certificate for ${of.join(', ')} is ${isCovered ? '' : 'not '}for ${name}`, () => {
    assert.equal(covers({ names: of }, name), isCovered);
  });

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  [
    stack(certificate('example')),
    /^template.yaml:5: Cert: example is not a domain name such as iot.example.com/,
  ],
  [
    stack(certificate('https://iot.example.com')),
    /^template.yaml:5: Cert: https:\/\/iot.example.com is not a domain name/,
  ],
  [
    stack(certificate('iot.example.com', 'SubjectAlternativeNames: [a_b.example.com]\n')),
    /^template.yaml:8: Cert: a_b.example.com is not a domain name/,
  ],
  [
    stack(certificate('iot.example.com', 'KeyAlgorithm: EC_secp384r1\n')),
    /template.yaml:8: Cert: KeyAlgorithm is EC_secp384r1, .* use RSA_2048 or EC_prime256v1/,
  ],
  [stack(certificate('iot.example.com').replace('DNS', 'EMAIL')), /ValidationMethod is EMAIL, .* use DNS/],
  [
    stack(
      certificate('iot.example.com'),
      domain(
        'iot.example.com',
        'ServerCertificateArns: [arn:aws:acm:us-east-1:000000000000:certificate/1]\n',
      ),
    ),
    /^template.yaml:12: Domain: ServerCertificateArns is arn:aws:acm:\S+, and the template has no such AWS::CertificateManager::Certificate: refer to one/,
  ],
  [
    stack(
      certificate('iot.example.com'),
      domain('iot.example.com', 'ServerCertificateArns: [!Ref Cert, !Ref Cert]\n'),
    ),
    /must name one certificate/,
  ],
  [
    stack(certificate('iot.example.com'), domain('mqtt.example.com')),
    /^template.yaml:11: Domain: its certificate Cert is for iot.example.com, and not for mqtt.example.com/,
  ],
  [
    stack(certificate('iot.example.com'), domain('iot.example.com'), domain('IOT.example.com', '', 'Second')),
    /Second: iot.example.com is the name of tidegate-Domain already/,
  ],
  [
    stack(
      certificate('iot.example.com'),
      domain(
        'iot.example.com',
        'ServerCertificateArns: [!Ref Cert]\nAuthorizerConfig: { DefaultAuthorizerName: a }\n',
      ),
    ),
    /Domain: property AuthorizerConfig is not supported by the local cloud/,
  ],
  [
    stack(
      certificate('iot.example.com'),
      domain(
        'iot.example.com',
        'ServerCertificateArns: [!Ref Cert]\nTlsConfig: { SecurityPolicy: IoTSecurityPolicy_TLS12_1_2_2022_10 }\n',
      ),
    ),
    /SecurityPolicy is IoTSecurityPolicy_TLS12_1_2_2022_10, which the local cloud does not support/,
  ],
];
for (const [text, message] of refused)
  test(`refused: ${message.source}`, async () => {
    await assert.rejects(
      async () => withTemplate(text, {}, (template) => openTestIot({ template })),
      (error: Error) =>
        error.name === 'StartError' &&
        message.test(error.message.replaceAll(/\S*\/template\.yaml/g, 'template.yaml')),
    );
  });
