// Zones that a test writes out in the words of a template, and questions to them.

import { answer, type Outcome, type World } from '../../dns/answer.ts';
import { indexZone } from '../../dns/find.ts';
import { dnsFromTemplate } from '../../dns/from-template.ts';
import { assumedHealth } from '../../dns/health.ts';
import type { DnsModel } from '../../dns/model.ts';
import { withTemplate } from '../template/fixture.ts';

/** Checks that every template of these tests has: A, B, C and D. */
const CHECKS = ['A', 'B', 'C', 'D']
  .map(
    (id) => `
  ${id}:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig: { Type: HTTPS, FullyQualifiedDomainName: ${id.toLowerCase()}.test, ResourcePath: /health }`,
  )
  .join('');

/** Each line is a flow mapping of one record set, in the zone `example.com`. */
export function zoneTemplate(records: readonly string[], more = ''): string {
  const sets = records.map(
    (record, index) => `
  R${index}:
    Type: AWS::Route53::RecordSet
    Properties: { HostedZoneId: !Ref Zone, ${record} }`,
  );
  return `Resources:
  Zone: { Type: AWS::Route53::HostedZone, Properties: { Name: example.com } }${CHECKS}${sets.join('')}${more}
`;
}

export const modelOf = (text: string): DnsModel => withTemplate(text, {}, dnsFromTemplate);
export const zoneOf = (records: readonly string[], more?: string): DnsModel =>
  modelOf(zoneTemplate(records, more));

export interface Circumstances {
  /** Letters of the checks that fail. */
  readonly unhealthy?: string;
  readonly region?: string;
  /** What is drawn, in turn. */
  readonly draws?: readonly number[];
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
}

export function worldOf(
  model: DnsModel,
  { unhealthy = '', draws = [0], addresses = {} }: Circumstances = {},
): World {
  const failing = new Set(model.checks.filter(({ label }) => unhealthy.includes(label)).map(({ id }) => id));
  const checks = new Map(model.checks.map((check) => [check.id, check]));
  let drawn = 0;
  return {
    zones: model.zones.map(indexZone),
    checkHealth: (id) => assumedHealth(id, checks, failing),
    addressesOf: (name) => addresses[name],
    random: () => draws[drawn++ % draws.length]!,
  };
}

export function ask(model: DnsModel, name: string, type = 'A', circumstances: Circumstances = {}): Outcome {
  const region = circumstances.region ?? 'us-east-1';
  return answer({ name, type, region }, worldOf(model, circumstances));
}

/** `NOERROR 192.0.2.1 192.0.2.2`, in the order of the answer. */
export const shortly = ({ rcode, answers }: Outcome): string =>
  [rcode, ...answers.map(({ value }) => value)].join(' ');
