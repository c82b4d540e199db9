// What the local cloud honours of Route 53: zones, records by every routing that needs no map of the world, health checks.

import { flag, oneOf, type ResourceSupport, text, whole } from './property-check.ts';

const tags = 'nobody bills one machine by tag';
const readers = 'it is for readers';

const recordProperties = {
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

const config = 'HealthCheckConfig';

const distribution = 'CloudFront does not run here; `dns serve --at` says what stands in for it';

/** `GeoLocation` and its kin are left out: they need to know where every network of the world is. */
export const dns: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Route53::HostedZone': {
    properties: {
      honours: { Name: text },
      ignores: {
        'HostedZoneConfig.Comment': readers,
        'HostedZoneTags.**': tags,
        'QueryLoggingConfig.**': 'the program prints what it refuses',
      },
      required: ['Name'],
    },
  },
  'AWS::Route53::RecordSet': {
    properties: { honours: recordProperties, ignores: { Comment: readers }, required: ['Name', 'Type'] },
  },
  'AWS::Route53::RecordSetGroup': {
    properties: {
      honours: {
        HostedZoneId: text,
        HostedZoneName: text,
        ...Object.fromEntries(
          Object.entries(recordProperties).map(([name, check]) => [`RecordSets.*.${name}`, check]),
        ),
      },
      ignores: { Comment: readers, 'RecordSets.*.Comment': readers },
      required: ['RecordSets'],
    },
  },
  'AWS::CloudFront::Distribution': { properties: { honours: {}, ignores: { '**': distribution } } },
  'AWS::CloudFront::OriginAccessControl': { properties: { honours: {}, ignores: { '**': distribution } } },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    properties: { honours: {}, ignores: { '**': distribution } },
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
        [`${config}.Type`]: oneOf('HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP', 'CALCULATED'),
        [`${config}.FullyQualifiedDomainName`]: text,
        [`${config}.IPAddress`]: text,
        [`${config}.Port`]: whole(1, 65_535),
        [`${config}.ResourcePath`]: text,
        [`${config}.SearchString`]: text,
        [`${config}.RequestInterval`]: oneOf('10', '30'),
        [`${config}.FailureThreshold`]: whole(1, 10),
        [`${config}.EnableSNI`]: flag,
        [`${config}.Inverted`]: flag,
        [`${config}.Regions.*`]: text,
        [`${config}.ChildHealthChecks.*`]: text,
        [`${config}.HealthThreshold`]: whole(0, 256),
      },
      ignores: {
        [`${config}.MeasureLatency`]: 'there is no CloudWatch here to graph it',
        'HealthCheckTags.**': tags,
      },
      required: [`${config}.Type`],
    },
  },
};
