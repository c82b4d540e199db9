// Zones, record sets and health checks in the XML of the Route 53 API, and record sets from it.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html

import { childrenOf, textOf, type XmlElements, type XmlNode } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import type { HealthCheck, HostedZone, RecordSet, Routing, Target } from '../dns/model.ts';
import { absolute, escapedName } from '../dns/name.ts';

export const NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';

export const zoneXml = ({ zone: { id, name, comment }, records }: HostedZone): XmlElements => ({
  Id: `/hostedzone/${id}`,
  Name: name,
  CallerReference: id,
  Config: { Comment: comment, PrivateZone: false },
  ResourceRecordSetCount: records.length,
});

const ROUTING_XML: Readonly<Record<Routing['policy'], (routing: Routing) => XmlElements>> = {
  simple: () => ({}),
  failover: (routing) => ({ Failover: (routing as Extract<Routing, { policy: 'failover' }>).role }),
  weighted: (routing) => ({ Weight: (routing as Extract<Routing, { policy: 'weighted' }>).weight }),
  latency: (routing) => ({ Region: (routing as Extract<Routing, { policy: 'latency' }>).region }),
  multivalue: () => ({ MultiValueAnswer: true }),
};

export function recordXml({
  name,
  type,
  setIdentifier,
  routing,
  target,
  healthCheckId,
}: RecordSet): XmlElements {
  return {
    Name: escapedName(name),
    Type: type,
    SetIdentifier: setIdentifier,
    ...ROUTING_XML[routing.policy](routing),
    ...(target.kind === 'values'
      ? { TTL: target.ttl, ResourceRecords: { ResourceRecord: target.values.map((Value) => ({ Value })) } }
      : {
          AliasTarget: {
            HostedZoneId: target.zoneId,
            DNSName: escapedName(target.name),
            EvaluateTargetHealth: target.evaluateTargetHealth,
          },
        }),
    HealthCheckId: healthCheckId,
  };
}

export function checkXml({ id, label, inverted, disabled, config }: HealthCheck): XmlElements {
  const shared = { Inverted: inverted, Disabled: disabled };
  const reference = { Id: id, CallerReference: label };
  if (config.kind === 'calculated') {
    const children = { ChildHealthCheck: config.children };
    return {
      ...reference,
      HealthCheckConfig: {
        ...{ Type: 'CALCULATED', ...shared },
        ...{ HealthThreshold: config.threshold, ChildHealthChecks: children },
      },
      HealthCheckVersion: 1,
    };
  }
  const { endpoint, intervalSeconds, threshold, regions } = config;
  const isHttp = endpoint.protocol !== 'TCP';
  return {
    ...reference,
    HealthCheckConfig: {
      IPAddress: endpoint.address,
      Port: endpoint.port,
      Type: endpoint.search === undefined ? endpoint.protocol : `${endpoint.protocol}_STR_MATCH`,
      ResourcePath: isHttp ? endpoint.path : undefined,
      FullyQualifiedDomainName: endpoint.domain,
      SearchString: endpoint.search,
      RequestInterval: intervalSeconds,
      FailureThreshold: threshold,
      MeasureLatency: false,
      ...shared,
      EnableSNI: endpoint.protocol === 'HTTPS' ? endpoint.sni : undefined,
      Regions: { Region: regions },
    },
    HealthCheckVersion: 1,
  };
}

const invalid = (message: string) => new AwsError('InvalidInput', message);

const READABLE = new Set([
  ...['Name', 'Type', 'SetIdentifier', 'Failover', 'Weight', 'Region', 'MultiValueAnswer', 'TTL'],
  ...['ResourceRecords', 'AliasTarget', 'HealthCheckId'],
]);

function routingOf(node: XmlNode): Routing {
  const [role, weight, region] = ['Failover', 'Weight', 'Region'].map((name) => textOf(node, name));
  const isMultivalue = textOf(node, 'MultiValueAnswer') === 'true';
  const given = [role, weight, region, isMultivalue || undefined].filter((each) => each !== undefined);
  if (given.length > 1) throw invalid('A resource record set has one routing policy');
  if (role !== undefined) {
    if (role !== 'PRIMARY' && role !== 'SECONDARY')
      throw invalid(`Failover ${role} is not PRIMARY or SECONDARY`);
    return { policy: 'failover', role };
  }
  if (weight !== undefined) {
    if (!/^\d{1,3}$/.test(weight) || Number(weight) > 255)
      throw invalid(`Weight ${weight} is not from 0 to 255`);
    return { policy: 'weighted', weight: Number(weight) };
  }
  if (region !== undefined) return { policy: 'latency', region };
  return { policy: isMultivalue ? 'multivalue' : 'simple' };
}

function targetOf(node: XmlNode): Target {
  const [alias] = childrenOf(node, 'AliasTarget');
  const [records] = childrenOf(node, 'ResourceRecords');
  const ttl = textOf(node, 'TTL');
  if (alias) {
    if (records || ttl !== undefined) throw invalid('An alias cannot have TTL or ResourceRecords');
    const [name, zoneId] = [textOf(alias, 'DNSName'), textOf(alias, 'HostedZoneId')];
    if (name === undefined || zoneId === undefined)
      throw invalid('AliasTarget needs DNSName and HostedZoneId');
    const evaluateTargetHealth = textOf(alias, 'EvaluateTargetHealth') === 'true';
    return { kind: 'alias', name: absolute(name), zoneId, evaluateTargetHealth };
  }
  if (!records || ttl === undefined || !/^\d{1,10}$/.test(ttl))
    throw invalid('A resource record set needs TTL and ResourceRecords, or an AliasTarget');
  const values = childrenOf(records, 'ResourceRecord').map((record) => textOf(record, 'Value') ?? '');
  return { kind: 'values', ttl: Number(ttl), values };
}

/** @throws AwsError InvalidInput for what is missing, and for what the local cloud does not have. */
export function readRecord(node: XmlNode, zoneId: string): RecordSet {
  const unknown = node.children.find(({ name }) => !READABLE.has(name));
  if (unknown) throw invalid(`The local cloud does not support ${unknown.name}`);
  const [name, type, setIdentifier, healthCheckId] = ['Name', 'Type', 'SetIdentifier', 'HealthCheckId'].map(
    (key) => textOf(node, key),
  );
  if (name === undefined || type === undefined) throw invalid('A resource record set needs Name and Type');
  return {
    ...{ zoneId, name: absolute(name), type },
    ...(setIdentifier !== undefined && { setIdentifier }),
    ...{ routing: routingOf(node), target: targetOf(node) },
    ...(healthCheckId !== undefined && { healthCheckId }),
  };
}
