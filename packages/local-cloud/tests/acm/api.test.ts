// aws acm and aws iot on certificates and names of your own: what there is can be looked at, the rest is refused by name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  DeleteDomainConfigurationCommand,
  DescribeDomainConfigurationCommand,
  IoTClient,
  ListDomainConfigurationsCommand,
} from '@aws-sdk/client-iot';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { silentLog } from '../../log.ts';
import { clientOptions, cliEnvironment, serve } from '../aws/local-cloud.ts';
import { openTestIot } from '../iot/iot-fixture.ts';
import { load } from '../template/fixture.ts';

const template = load(`Resources:
  Cert:
    Type: AWS::CertificateManager::Certificate
    Properties: { DomainName: iot.example.com, ValidationMethod: DNS, KeyAlgorithm: EC_prime256v1 }
  Spare:
    Type: AWS::CertificateManager::Certificate
    Properties: { DomainName: api.example.com, ValidationMethod: DNS, KeyAlgorithm: EC_prime256v1 }
  Domain:
    Type: AWS::IoT::DomainConfiguration
    Properties: { DomainName: iot.example.com, ServerCertificateArns: [!Ref Cert], ServiceType: DATA }
`);

async function open() {
  const { iot } = await openTestIot({ template });
  const server = await serve({ acm: iot.acm, iot: (req, res) => iot.handler(req, res) }, silentLog);
  cleanup(() => server.close());
  const [cert, spare] = [...iot.certificates.values()];
  return { url: server.url, cert: cert!, spare: spare!, iot };
}

async function call(url: string, operation: string, input: object = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `CertificateManager.${operation}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/acm/aws4_request, Signature=x',
    },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('certificates are listed, with who uses them', async () => {
  const { url, cert, spare } = await open();
  const { body } = await call(url, 'ListCertificates');
  const listed = body['CertificateSummaryList'] as Record<string, unknown>[];
  assert.deepEqual(
    listed.map(({ CertificateArn, DomainName, Status, InUse, KeyAlgorithm }) => [
      CertificateArn,
      DomainName,
      Status,
      InUse,
      KeyAlgorithm,
    ]),
    [
      [cert.arn, 'iot.example.com', 'ISSUED', true, 'EC-prime256v1'],
      [spare.arn, 'api.example.com', 'ISSUED', false, 'EC-prime256v1'],
    ],
  );
  const pending = await call(url, 'ListCertificates', { CertificateStatuses: ['PENDING_VALIDATION'] });
  assert.deepEqual(pending.body, { CertificateSummaryList: [] });
});

test('a certificate is described as ACM does', async () => {
  const { url, cert, iot } = await open();
  const { body } = await call(url, 'DescribeCertificate', { CertificateArn: cert.arn });
  const { NotBefore, NotAfter, Issuer, Serial, ...rest } = body['Certificate'] as Record<string, unknown>;
  assert.equal(Number(NotAfter) * 1000, cert.parsed.validToDate.getTime());
  assert.equal(Number(NotBefore) * 1000, cert.parsed.validFromDate.getTime());
  assert.match(String(Issuer), /^CN=Acme local CA \w+, O=Acme$/);
  assert.match(String(Serial), /^([0-9a-f]{2}:)+[0-9a-f]{2}$/);
  assert.deepEqual(rest, {
    CertificateArn: cert.arn,
    DomainName: 'iot.example.com',
    SubjectAlternativeNames: ['iot.example.com'],
    DomainValidationOptions: [
      {
        DomainName: 'iot.example.com',
        ValidationDomain: 'iot.example.com',
        ValidationMethod: 'DNS',
        ValidationStatus: 'SUCCESS',
      },
    ],
    Status: 'ISSUED',
    Type: 'AMAZON_ISSUED',
    KeyAlgorithm: 'EC-prime256v1',
    SignatureAlgorithm: 'SHA256WITHECDSA',
    Subject: 'CN=iot.example.com',
    CreatedAt: NotBefore,
    IssuedAt: NotBefore,
    RenewalEligibility: 'ELIGIBLE',
    InUseBy: [iot.domains[0]!.arn],
  });
  const got = await call(url, 'GetCertificate', { CertificateArn: cert.arn });
  assert.deepEqual(got.body, { Certificate: cert.cert, CertificateChain: iot.ca.certificatePem });
});

const wrong: readonly (readonly [operation: string, input: object, code: string, message: RegExp])[] = [
  [
    'DescribeCertificate',
    { CertificateArn: 'arn:x' },
    'ResourceNotFoundException',
    /There is no certificate "arn:x"/,
  ],
  ['GetCertificate', {}, 'ResourceNotFoundException', /There is no certificate null/],
  [
    'ListCertificates',
    { SortBy: 'CREATED_AT' },
    'ValidationException',
    /does not support the parameter SortBy of ListCertificates/,
  ],
  [
    'RequestCertificate',
    { DomainName: 'a.example.com' },
    'UnknownOperationException',
    /no ACM operation 'CertificateManager.RequestCertificate'; it has DescribeCertificate, GetCertificate, ListCertificates/,
  ],
];
for (const [operation, input, code, message] of wrong)
  test(`${operation} of ${JSON.stringify(input)} is refused: ${code}`, async () => {
    const { url } = await open();
    const { status, body } = await call(url, operation, input);
    assert.equal(status, 400);
    assert.equal(body['__type'], code);
    assert.match(String(body['message']), message);
  });

test('domain configurations are listed and described, and not changed', async () => {
  const { url, cert, iot } = await open();
  const client = new IoTClient(clientOptions(url));
  cleanup(() => client.destroy());
  const { name, arn } = iot.domains[0]!;
  const { domainConfigurations } = await client.send(new ListDomainConfigurationsCommand({}));
  assert.deepEqual(domainConfigurations, [
    { domainConfigurationName: name, domainConfigurationArn: arn, serviceType: 'DATA' },
  ]);
  const jobs = await client.send(new ListDomainConfigurationsCommand({ serviceType: 'JOBS' }));
  assert.deepEqual(jobs.domainConfigurations, []);
  const describe = (domainConfigurationName: string) =>
    client.send(new DescribeDomainConfigurationCommand({ domainConfigurationName }));
  const { $metadata: _sent, ...described } = await describe(name);
  assert.deepEqual(described, {
    domainConfigurationName: name,
    domainConfigurationArn: arn,
    domainName: 'iot.example.com',
    serverCertificates: [{ serverCertificateArn: cert.arn, serverCertificateStatus: 'VALID' }],
    domainConfigurationStatus: 'ENABLED',
    serviceType: 'DATA',
    domainType: 'CUSTOMER_MANAGED',
    tlsConfig: { securityPolicy: 'IoTSecurityPolicy_TLS13_1_2_2022_10' },
  });
  await assert.rejects(describe('none'), {
    name: 'ResourceNotFoundException',
    message: 'There is no domain configuration none',
  });
  await assert.rejects(
    client.send(new DeleteDomainConfigurationCommand({ domainConfigurationName: name })),
    /not supported by the local cloud/,
  );
});

const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');
testWithCli('the AWS CLI describes a certificate', async () => {
  const { url, cert } = await open();
  const asked = ['acm', 'describe-certificate', '--certificate-arn', cert.arn, '--output', 'json'];
  const { stdout } = await promisify(execFile)('aws', asked, { env: cliEnvironment(url) });
  const { Certificate } = JSON.parse(stdout) as { Certificate: Record<string, unknown> };
  assert.deepEqual([Certificate['DomainName'], Certificate['Status']], ['iot.example.com', 'ISSUED']);
});
