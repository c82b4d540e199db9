// The Route 53 API: finds the operation of a request by its path, and refuses operations that it does not have by name.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53.html

import { AwsError } from '../aws-error.ts';
import type { AwsHandler } from '../aws/wire.ts';
import * as checks from './checks.ts';
import type { Call, Route53 } from './call.ts';
import * as zones from './zones.ts';

type Operation = (call: Call) => void | Promise<void>;

/** `*` is an id. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET hostedzone': zones.listHostedZones,
  'GET hostedzonesbyname': zones.listHostedZonesByName,
  'GET hostedzonecount': zones.getHostedZoneCount,
  'GET hostedzone/*': zones.getHostedZone,
  'GET hostedzone/*/rrset': zones.listResourceRecordSets,
  'POST hostedzone/*/rrset': zones.changeResourceRecordSets,
  'GET change/*': zones.getChange,
  'GET testdnsanswer': zones.testDnsAnswer,
  'GET healthcheck': checks.listHealthChecks,
  'GET healthcheckcount': checks.getHealthCheckCount,
  'GET healthcheck/*': checks.getHealthCheck,
  'GET healthcheck/*/status': checks.getHealthCheckStatus,
  'GET healthcheck/*/lastfailurereason': checks.getHealthCheckLastFailureReason,
  'POST healthcheck/*': checks.updateHealthCheck,
};

/** Operations that are refused, because a template declares it or a stack does not need it. */
const REFUSED: Readonly<Record<string, string>> = {
  'POST hostedzone': 'CreateHostedZone',
  'DELETE hostedzone/*': 'DeleteHostedZone',
  'POST hostedzone/*': 'UpdateHostedZoneComment',
  'POST hostedzone/*/associatevpc': 'AssociateVPCWithHostedZone',
  'POST hostedzone/*/disassociatevpc': 'DisassociateVPCFromHostedZone',
  'POST hostedzone/*/enable-dnssec': 'EnableHostedZoneDNSSEC',
  'POST hostedzone/*/disable-dnssec': 'DisableHostedZoneDNSSEC',
  'GET hostedzone/*/dnssec': 'GetDNSSEC',
  'POST healthcheck': 'CreateHealthCheck',
  'DELETE healthcheck/*': 'DeleteHealthCheck',
  'GET checkeripranges': 'GetCheckerIpRanges',
  'GET geolocation': 'GetGeoLocation',
  'GET geolocations': 'ListGeoLocations',
  'POST delegationset': 'CreateReusableDelegationSet',
  'GET delegationset': 'ListReusableDelegationSets',
  'POST queryloggingconfig': 'CreateQueryLoggingConfig',
  'GET queryloggingconfig': 'ListQueryLoggingConfigs',
  'POST trafficpolicy': 'CreateTrafficPolicy',
  'GET trafficpolicies': 'ListTrafficPolicies',
  'GET tags/hostedzone/*': 'ListTagsForResource',
  'GET tags/healthcheck/*': 'ListTagsForResource',
  'POST tags/hostedzone/*': 'ChangeTagsForResource',
  'POST tags/healthcheck/*': 'ChangeTagsForResource',
};

const VERSION = '2013-04-01';
/** Path segments before an id. */
const COLLECTIONS = new Set(['hostedzone', 'change', 'healthcheck', 'delegationset', 'queryloggingconfig']);

interface Route {
  readonly key: string;
  readonly id: string;
}

function routeOf(method: string, path: string): Route {
  const [version, ...segments] = path.split('/').filter(Boolean).map(decodeURIComponent);
  if (version !== VERSION) throw new AwsError('InvalidInput', `The path must begin with /${VERSION}/`, 404);
  const at = segments[0] === 'tags' ? 2 : COLLECTIONS.has(segments[0] ?? '') ? 1 : -1;
  const shown = segments.map((segment, index) => (index === at ? '*' : segment));
  return { key: `${method} ${shown.join('/')}`, id: at === -1 ? '' : (segments[at] ?? '') };
}

/** Answers calls that are signed for `route53`; zones and health checks come from a template. */
export function createRoute53Handler(route53: Route53): AwsHandler {
  return async (req, res) => {
    const [path = '', query] = (req.url ?? '').split('?', 2);
    const { key, id } = routeOf(req.method ?? '', path);
    const operation = Object.hasOwn(OPERATIONS, key) ? OPERATIONS[key] : undefined;
    if (operation) return operation({ ...route53, req, res, id, query: new URLSearchParams(query) });
    const name = Object.hasOwn(REFUSED, key) ? REFUSED[key] : key;
    throw new AwsError(
      'UnsupportedOperation',
      `The local cloud does not support ${name}: zones, health checks and their settings are in the template`,
    );
  };
}
