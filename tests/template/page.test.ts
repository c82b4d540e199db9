// The page on AWS: who reads its bucket, where it is, and what its policy allows.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { loadTidegate } from './tidegate-template.ts';

const load = (overrides: Record<string, string> = {}, environment = 'default') =>
  loadTidegate(overrides, environment);

type Json = Readonly<Record<string, unknown>>;
const only = (overrides: Record<string, string>, type: string) => {
  const found = load(overrides).ofType(type);
  assert.equal(found.length, 1, type);
  return found[0]!.properties;
};

test('the distribution alone reads the bucket, which nobody else can', () => {
  const template = load();
  const bucket = template.ofType('AWS::S3::Bucket').find(({ logicalId }) => logicalId === 'PageBucket')!;
  assert.deepEqual(bucket.properties['PublicAccessBlockConfiguration'], {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  const policy = template
    .ofType('AWS::S3::BucketPolicy')
    .find(({ logicalId }) => logicalId === 'PageBucketPolicy')!;
  const { Statement } = policy.properties['PolicyDocument'] as { Statement: Json[] };
  const [distribution] = template.ofType('AWS::CloudFront::Distribution');
  assert.deepEqual(
    Statement.filter(({ Effect }) => Effect === 'Allow').map(({ Action, Principal, Condition }) => [
      Action,
      Principal,
      Condition,
    ]),
    [
      [
        's3:GetObject',
        { Service: 'cloudfront.amazonaws.com' },
        { StringEquals: { 'aws:SourceArn': distribution!.arn } },
      ],
    ],
  );
});

test('without an address of its own, mails, CORS and the login use that of CloudFront', () => {
  const template = load();
  const url = template.outputs['PageUrl']!;
  assert.match(url, /^https:\/\/[a-z0-9]+\.cloudfront\.net$/);
  const [api] = template.ofType('AWS::Serverless::HttpApi');
  assert.deepEqual((api!.properties['CorsConfiguration'] as { AllowOrigins: string[] }).AllowOrigins, [url]);
  const [client] = template.ofType('AWS::Cognito::UserPoolClient');
  assert.deepEqual(client!.properties['CallbackURLs'], [`${url}/`]);
});

test('a certificate gives the page the host of DashboardOrigin', () => {
  const PageCertificate = 'arn:aws:acm:us-east-1:000000000000:certificate/1';
  const overrides = { DashboardOrigin: 'https://cold.example.com', PageCertificate };
  const { DistributionConfig } = only(overrides, 'AWS::CloudFront::Distribution') as {
    DistributionConfig: Json;
  };
  assert.deepEqual(DistributionConfig['Aliases'], ['cold.example.com']);
  assert.equal((DistributionConfig['ViewerCertificate'] as Json)['AcmCertificateArn'], PageCertificate);
  assert.equal(load(overrides).outputs['PageUrl'], 'https://cold.example.com');
});

test('the policy allows nothing inline and calls of this region only', () => {
  const { ResponseHeadersPolicyConfig } = only({}, 'AWS::CloudFront::ResponseHeadersPolicy') as {
    ResponseHeadersPolicyConfig: { SecurityHeadersConfig: Record<string, Json> };
  };
  const headers = ResponseHeadersPolicyConfig.SecurityHeadersConfig;
  const policy = String(headers['ContentSecurityPolicy']!['ContentSecurityPolicy']);
  assert.doesNotMatch(policy, /unsafe|[ ']\*[ ;]|\n/);
  assert.match(policy, /connect-src 'self' https:\/\/\*\.execute-api\.us-east-1\.amazonaws\.com /);
  assert.match(policy, /https:\/\/login-[\w-]+\.auth\.us-east-1\.amazoncognito\.com; base-uri 'none'/);
  assert.equal(headers['StrictTransportSecurity']!['AccessControlMaxAgeSec'], 31_536_000);
});

test('on one machine the web port serves the page, and nothing of it is made', () => {
  const template = load({}, 'local');
  assert.deepEqual(template.ofType('AWS::CloudFront::Distribution'), []);
  assert.equal(template.outputs['PageUrl'], undefined);
});

test('a certificate without a host stops the deployment', () => {
  const PageCertificate = 'arn:aws:acm:us-east-1:000000000000:certificate/1';
  assert.throws(() => load({ PageCertificate }), /PageCertificate needs a DashboardOrigin/);
});
