// The properties that the local cloud supports of Route 53: zones, records with every routing but the geographic ones, health checks.

import { flag, oneOf, type ResourceSupport, text, whole } from './property-check.ts';

const TAGS = 'tags are for billing, which the local cloud does not have';
const READERS = 'it is a text for people';

const RECORD_PROPERTIES = {
  Name: text,
  Type: oneOf('A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'),
  TTL: whole(0, 2_147_483_647),
  'ResourceRecords.*': text,
  'AliasTarget.DNSName': text,
  'AliasTarget.HostedZoneId': text,
  'AliasTarget.EvaluateTargetHealth': flag,
  SetIdentifier: text,
  Failover: oneOf('PRIMARY', 'SECONDARY'),
  Weight: whole(0, 255),
  Region: text,
  MultiValueAnswer: flag,
  HealthCheckId: text,
  HostedZoneId: text,
  HostedZoneName: text,
} as const;

const CONFIG = 'HealthCheckConfig';

const DISTRIBUTION = 'CloudFront does not run here; `dns serve --at` names a replacement';

/** `GeoLocation` and related properties are not supported: they need the location of every network of the world. */
export const dns: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Route53::HostedZone': {
    properties: {
      honours: { Name: text },
      ignores: {
        'HostedZoneConfig.Comment': READERS,
        'HostedZoneTags.**': TAGS,
        'QueryLoggingConfig.**': 'the program prints what it refuses',
      },
      required: ['Name'],
    },
  },
  'AWS::Route53::RecordSet': {
    properties: { honours: RECORD_PROPERTIES, ignores: { Comment: READERS }, required: ['Name', 'Type'] },
  },
  'AWS::Route53::RecordSetGroup': {
    properties: {
      honours: {
        HostedZoneId: text,
        HostedZoneName: text,
        ...Object.fromEntries(
          Object.entries(RECORD_PROPERTIES).map(([name, check]) => [`RecordSets.*.${name}`, check]),
        ),
      },
      ignores: { Comment: READERS, 'RecordSets.*.Comment': READERS },
      required: ['RecordSets'],
    },
  },
  'AWS::CloudFront::Distribution': { properties: { honours: {}, ignores: { '**': DISTRIBUTION } } },
  'AWS::CloudFront::OriginAccessControl': { properties: { honours: {}, ignores: { '**': DISTRIBUTION } } },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    properties: { honours: {}, ignores: { '**': DISTRIBUTION } },
  },
  'AWS::SES::EmailIdentity': {
    properties: {
      honours: { EmailIdentity: text },
      ignores: {},
      required: ['EmailIdentity'],
    },
  },
  'AWS::Route53::HealthCheck': {
    properties: {
      honours: {
        [`${CONFIG}.Type`]: oneOf('HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP', 'CALCULATED'),
        [`${CONFIG}.FullyQualifiedDomainName`]: text,
        [`${CONFIG}.IPAddress`]: text,
        [`${CONFIG}.Port`]: whole(1, 65_535),
        [`${CONFIG}.ResourcePath`]: text,
        [`${CONFIG}.SearchString`]: text,
        [`${CONFIG}.RequestInterval`]: oneOf('10', '30'),
        [`${CONFIG}.FailureThreshold`]: whole(1, 10),
        [`${CONFIG}.EnableSNI`]: flag,
        [`${CONFIG}.Inverted`]: flag,
        [`${CONFIG}.Regions.*`]: text,
        [`${CONFIG}.ChildHealthChecks.*`]: text,
        [`${CONFIG}.HealthThreshold`]: whole(0, 256),
      },
      ignores: {
        [`${CONFIG}.MeasureLatency`]: 'the latency of health checks is not measured here',
        'HealthCheckTags.**': TAGS,
      },
      required: [`${CONFIG}.Type`],
    },
  },
};
