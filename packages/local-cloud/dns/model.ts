// The model of Route 53: hosted zones, record sets and health checks, from a template or from its API.

export type Rcode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface Zone {
  /** Such as `Z1D633PJN98FT9`. */
  readonly id: string;
  /** Absolute and in lower case, as every name here. */
  readonly name: string;
  readonly comment?: string;
  /** Four names. */
  readonly nameServers: readonly string[];
}

/** How one of several records with the same name and type is chosen. */
export type Routing =
  | { readonly policy: 'simple' }
  | { readonly policy: 'failover'; readonly role: 'PRIMARY' | 'SECONDARY' }
  | { readonly policy: 'weighted'; readonly weight: number }
  | { readonly policy: 'latency'; readonly region: string }
  | { readonly policy: 'multivalue' };

export type Target =
  | { readonly kind: 'values'; readonly ttl: number; readonly values: readonly string[] }
  | {
      readonly kind: 'alias';
      readonly name: string;
      /** The zone of the record itself, or that of an AWS service. */
      readonly zoneId: string;
      readonly evaluateTargetHealth: boolean;
    };

export interface RecordSet {
  readonly zoneId: string;
  readonly name: string;
  readonly type: string;
  /** Distinguishes records of one name and type; absent where the routing is simple. */
  readonly setIdentifier?: string;
  readonly routing: Routing;
  readonly target: Target;
  readonly healthCheckId?: string;
  /** Where the template declares it, such as `dns.yaml:40`; absent for one that the API created. */
  readonly at?: string;
}

/** The endpoint that a checker connects to. */
export interface Endpoint {
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP';
  readonly address?: string;
  /** Name to look up, unless there is an address, and the `Host` of the request. */
  readonly domain?: string;
  readonly port: number;
  readonly path: string;
  /** Text that the first 5,120 bytes of the body must have. */
  readonly search?: string;
  readonly sni: boolean;
}

export interface HealthCheck {
  readonly id: string;
  /** Its name for people: the logical ID. */
  readonly label: string;
  readonly inverted: boolean;
  readonly disabled: boolean;
  readonly config:
    | {
        readonly kind: 'endpoint';
        readonly endpoint: Endpoint;
        readonly intervalSeconds: number;
        readonly threshold: number;
        readonly regions: readonly string[];
      }
    | {
        readonly kind: 'calculated';
        readonly children: readonly string[];
        readonly threshold: number;
      };
  /** Where the template declares it. */
  readonly at: string;
}

/** A zone with all its records, also the two that Route 53 creates itself. */
export interface HostedZone {
  readonly zone: Zone;
  readonly records: readonly RecordSet[];
}

export interface DnsModel {
  readonly zones: readonly HostedZone[];
  readonly checks: readonly HealthCheck[];
}

/** Identifies a record set. */
export const keyOf = ({ zoneId, name, type, setIdentifier = '' }: RecordSet): string =>
  [zoneId, name, type, setIdentifier].join(' ');

/** Such as `eu` of a set, where it has one, else its name. */
export const labelOf = ({ name, setIdentifier }: RecordSet): string => setIdentifier ?? name;

const SIMPLE = { policy: 'simple' } as const;

/** Written with the zone: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html */
export function apexRecords({ id: zoneId, name, nameServers }: Zone): RecordSet[] {
  const servers = nameServers.map((server) => `${server}.`);
  const soa = `${servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  const values = (ttl: number, ...texts: string[]): Target => ({ kind: 'values', ttl, values: texts });
  return [
    { zoneId, name, type: 'NS', routing: SIMPLE, target: values(172_800, ...servers) },
    { zoneId, name, type: 'SOA', routing: SIMPLE, target: values(900, soa) },
  ];
}
