// The places of AWS regions, and which is nearest: the local replacement for the latencies that AWS measures.

import { BlockList, isIP } from 'node:net';

/** Degrees of latitude and longitude of the city that each region is named after. */
const PLACES: Readonly<Record<string, readonly [latitude: number, longitude: number]>> = {
  'us-east-1': [38.9, -77.4],
  'us-east-2': [40, -83],
  'us-west-1': [37.4, -122],
  'us-west-2': [45.8, -119.7],
  'ca-central-1': [45.5, -73.6],
  'ca-west-1': [51, -114.1],
  'mx-central-1': [20.6, -100.4],
  'sa-east-1': [-23.5, -46.6],
  'eu-west-1': [53.3, -6.3],
  'eu-west-2': [51.5, -0.1],
  'eu-west-3': [48.9, 2.4],
  'eu-central-1': [50.1, 8.7],
  'eu-central-2': [47.4, 8.5],
  'eu-north-1': [59.3, 18.1],
  'eu-south-1': [45.5, 9.2],
  'eu-south-2': [41.6, -0.9],
  'il-central-1': [32.1, 34.8],
  'me-south-1': [26.1, 50.6],
  'me-central-1': [24.4, 54.4],
  'af-south-1': [-33.9, 18.4],
  'ap-south-1': [19.1, 72.9],
  'ap-south-2': [17.4, 78.5],
  'ap-southeast-1': [1.3, 103.8],
  'ap-southeast-2': [-33.9, 151.2],
  'ap-southeast-3': [-6.2, 106.8],
  'ap-southeast-4': [-37.8, 145],
  'ap-southeast-5': [3.1, 101.7],
  'ap-southeast-7': [13.8, 100.5],
  'ap-east-1': [22.3, 114.2],
  'ap-northeast-1': [35.7, 139.7],
  'ap-northeast-2': [37.6, 127],
  'ap-northeast-3': [34.7, 135.5],
};

export const regions: readonly string[] = Object.keys(PLACES);
export const isRegion = (text: string): boolean => Object.hasOwn(PLACES, text);

/** Regions that have health checkers: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html */
export const checkerRegions: readonly string[] = [
  ...['us-east-1', 'us-west-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1', 'ap-southeast-2'],
  ...['ap-northeast-1', 'sa-east-1'],
];

const EARTH_RADIUS_KM = 6371;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Along the surface of the earth, in kilometres. */
export function distanceBetween(one: string, other: string): number {
  const [[lat1, lon1], [lat2, lon2]] = [PLACES[one]!, PLACES[other]!];
  const [phi1, phi2] = [radians(lat1), radians(lat2)];
  const half =
    Math.sin((phi2 - phi1) / 2) ** 2 +
    Math.cos(phi1) * Math.cos(phi2) * Math.sin(radians(lon2 - lon1) / 2) ** 2;
  return Math.round(2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(half)));
}

/** A network such as `10.1.0.0/16`, and the region whose latencies it has. */
export interface Neighbourhood {
  readonly network: string;
  readonly prefix: number;
  readonly region: string;
}

/** @returns undefined for what is not a network such as `10.1.0.0/16`, and for an unknown region. */
export function readNeighbourhood(text: string): Neighbourhood | undefined {
  const [, network, bits, region] = /^([0-9a-fA-F.:]+)\/(\d{1,3})=([a-z0-9-]+)$/.exec(text) ?? [];
  if (network === undefined || region === undefined || !isRegion(region)) return undefined;
  const family = isIP(network);
  const prefix = Number(bits);
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) return undefined;
  return { network, prefix, region };
}

/** The region of the narrowest network that contains the address. */
export function regionOf(address: string, neighbourhoods: readonly Neighbourhood[]): string | undefined {
  const family = (text: string) => (isIP(text) === 6 ? 'ipv6' : 'ipv4');
  return neighbourhoods
    .filter(({ network, prefix }) => {
      const list = new BlockList();
      list.addSubnet(network, prefix, family(network));
      return family(network) === family(address) && list.check(address, family(address));
    })
    .toSorted((a, b) => b.prefix - a.prefix)[0]?.region;
}
