// The real domain.yaml: which certificates and names each choice creates, and what is refused before anything is created.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { certificatesOf } from '../../packages/local-cloud/acm/certificate-spec.ts';
import { domainConfigurationsOf } from '../../packages/local-cloud/iot/domain-configurations.ts';
import { stackDefaults } from '../../packages/local-cloud/tests/template/fixture.ts';
import { loadOnce } from './tidegate-template.ts';

const root = path.resolve(import.meta.dirname, '../..');

const load = (overrides: Record<string, string>, region = 'us-east-1') =>
  loadOnce({
    ...stackDefaults,
    ...{ region, stackName: 'tidegate-domain', file: path.join(root, 'domain.yaml') },
    ...{ samconfigFile: path.join(root, 'none.toml'), environment: 'local' },
    overrides: { HostedZoneId: 'Z0123456789', ...overrides },
  });

const iot = { IotName: 'iot.example.com' };
const api = { ApiName: 'api.example.com', ApiId: 'a1b2c3d4e5' };
const page = { PageName: 'dashboard.example.com' };

test('each name has a certificate of its own, validated in the zone', () => {
  const template = load({ ...iot, ...api, ...page });
  const found = template.ofType('AWS::CertificateManager::Certificate').map(({ properties }) => properties);
  const names = ['iot.example.com', 'api.example.com', 'dashboard.example.com'];
  assert.deepEqual(
    found.map(({ DomainName, ValidationMethod, DomainValidationOptions }) => [
      DomainName,
      ValidationMethod,
      DomainValidationOptions,
    ]),
    names.map((DomainName) => [DomainName, 'DNS', [{ DomainName, HostedZoneId: 'Z0123456789' }]]),
  );
  assert.equal(found[0]!['KeyAlgorithm'], 'RSA_2048');
});

test('devices have a domain configuration with the certificate of the name', () => {
  const template = load(iot);
  const [domain, ...others] = domainConfigurationsOf(template, certificatesOf(template));
  assert.deepEqual(others, []);
  assert.partialDeepStrictEqual(domain!, {
    domainName: 'iot.example.com',
    certificateArn: template.resources.get('IotCertificate')!.ref,
    isEnabled: true,
    securityPolicy: 'IoTSecurityPolicy_TLS13_1_2_2022_10',
  });
  assert.equal(
    template.resources.get('IotDomain')!.properties['DomainConfigurationName'],
    undefined,
    'so that it can be replaced',
  );
  assert.deepEqual(template.outputs, { IotName: 'iot.example.com', IotDomain: domain!.name });
});

test('the HTTP API has a domain name that is mapped to it, and outputs for dns.yaml', () => {
  const { outputs, resources } = load(api);
  assert.deepEqual([...resources.keys()], ['ApiCertificate', 'ApiDomain', 'ApiMapping']);
  assert.deepEqual(resources.get('ApiMapping')!.properties, {
    ApiId: 'a1b2c3d4e5',
    DomainName: 'api.example.com',
    Stage: '$default',
  });
  assert.match(outputs['ApiTarget']!, /^d-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com$/);
  assert.match(outputs['ApiTargetZoneId']!, /^Z[A-Z0-9]+$/);
  assert.equal(outputs['ApiCertificateArn'], resources.get('ApiCertificate')!.ref);
});

test('a page has a certificate and nothing else', () => {
  assert.deepEqual([...load(page).resources.keys()], ['PageCertificate']);
});

test('another region has certificates of its own for the same names', () => {
  const [here, there] = ['us-east-1', 'eu-central-1'].map((region) => load({ ...iot, ...api }, region));
  assert.match(here!.resources.get('IotCertificate')!.ref, /^arn:aws:acm:us-east-1:/);
  assert.match(there!.resources.get('IotCertificate')!.ref, /^arn:aws:acm:eu-central-1:/);
  assert.match(there!.outputs['ApiTarget']!, /\.eu-central-1\./);
});

test('no parameter of domain.yaml has the name of one of template.yaml, as npm start takes both in one list', () => {
  const parametersOf = (file: string) =>
    Object.keys(
      (parse(readFileSync(path.join(root, file), 'utf8'), { logLevel: 'silent' }) as { Parameters: object })
        .Parameters,
    );
  const taken = new Set(parametersOf('template.yaml'));
  assert.deepEqual(
    parametersOf('domain.yaml').filter((name) => taken.has(name)),
    [],
  );
});

const refusals: readonly (readonly [
  what: string,
  overrides: Record<string, string>,
  message: RegExp,
  region?: string,
])[] = [
  ['no name at all', {}, /IotName, ApiName or PageName must be set/],
  [
    'a zone that is none',
    { ...iot, HostedZoneId: 'example.com' },
    /parameter HostedZoneId is "example.com" .* must be the ID of a hosted zone/,
  ],
  [
    'the domain itself for devices',
    { IotName: 'example.com' },
    /parameter IotName is "example.com" .* It cannot be the domain itself, where DNS allows no CNAME/,
  ],
  ['a name in capitals', { IotName: 'IoT.example.com' }, /parameter IotName is .* in lower case/],
  ['one name for two', { ...api, IotName: api.ApiName }, /IotName and ApiName must differ/],
  [
    'one name for devices and the page',
    { ...page, IotName: page.PageName },
    /IotName and PageName must differ/,
  ],
  ['an API without its ID', { ApiName: api.ApiName }, /ApiName needs ApiId/],
  ['an ID without a name', { ...iot, ApiId: api.ApiId }, /ApiName needs ApiId/],
  [
    'the URL of an API',
    { ...api, ApiId: 'https://a1b2c3d4e5' },
    /parameter ApiId is .* must be the output ApiId of template.yaml/,
  ],
  [
    'a certificate of a page in the wrong region',
    page,
    /PageName must be empty outside us-east-1/,
    'eu-central-1',
  ],
  [
    'a security policy of old',
    { ...iot, IotSecurityPolicy: 'IoTSecurityPolicy_TLS12_1_0_2016_01' },
    /parameter IotSecurityPolicy is .* must be one of/,
  ],
];
for (const [what, overrides, message, region] of refusals)
  test(`${what} is refused`, () => {
    assert.throws(() => load(overrides, region), { name: 'StartError', message });
  });
