// One Route 53 call, parsed, and what operations need of the running zones.

import { sendXml } from '../aws/wire.ts';
import type { XmlElements } from '../aws/xml.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Outcome } from '../dns/answer.ts';
import type { Checkers } from '../dns/checkers.ts';
import type { LiveZones } from '../dns/live.ts';
import type { Asked } from '../dns/message.ts';
import type { HealthCheck, HostedZone } from '../dns/model.ts';
import { NAMESPACE } from './xml.ts';

export interface Route53 {
  readonly live: LiveZones;
  readonly checkers: Checkers;
  readonly ask: (asked: Asked) => Outcome;
  readonly clock: Clock;
}

export interface Call extends Route53 {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The id in the path; empty where there is none. */
  readonly id: string;
  readonly query: URLSearchParams;
}

export const answerXml = ({ res }: Call, root: string, value: XmlElements): void =>
  sendXml(res, `${root} ${NAMESPACE}`, value);

/** @throws AwsError NoSuchHostedZone */
export function zoneOf({ live, id }: Call, zoneId = id): HostedZone {
  const found = live.zones().find(({ zone }) => zone.id === zoneId.replace(/^\/?hostedzone\//, ''));
  if (found) return found;
  throw new AwsError('NoSuchHostedZone', `No hosted zone found with ID: ${zoneId}`, 404);
}

/** @throws AwsError NoSuchHealthCheck */
export function checkOf({ live, id }: Call): HealthCheck {
  const found = live.checks().get(id);
  if (found) return found;
  throw new AwsError('NoSuchHealthCheck', `No health check exists with the specified ID: ${id}`, 404);
}

const MOST_ITEMS = 300;

/** @throws AwsError InvalidInput */
export function limitOf({ query }: Call, most = MOST_ITEMS): number {
  const text = query.get('maxitems');
  if (text === null) return Math.min(100, most);
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Math.min(Number(text), most);
  throw new AwsError('InvalidInput', 'maxItems must be a whole number above 0');
}

/** The items from `marker` on, and the marker of the rest. @throws AwsError InvalidInput */
export function pageOf<Item>(
  call: Call,
  items: readonly Item[],
  idOf: (item: Item) => string,
): { readonly page: readonly Item[]; readonly limit: number; readonly next?: string } {
  const limit = limitOf(call);
  const marker = call.query.get('marker');
  const start = marker === null ? 0 : items.findIndex((item) => idOf(item) === marker);
  if (start === -1) throw new AwsError('InvalidInput', `The marker ${marker} names nothing`);
  const rest = items[start + limit];
  return { page: items.slice(start, start + limit), limit, ...(rest !== undefined && { next: idOf(rest) }) };
}
