// `npm run device -- list`: lists every thing by name, with its type, groups, attributes and the status of its certificates.

import {
  paginateListThingGroupsForThing,
  paginateListThings,
  type IoTClient,
  type ThingAttribute,
} from '@aws-sdk/client-iot';
import { listing, type Column } from '../commands/listing.ts';
import { inParallel } from '../core/in-parallel.ts';
import { certificatesOf, shortId, type AttachedCertificate } from './device-certificates.ts';
import type { Say } from './device-hint.ts';
import { sameCloud, type DeviceOptions } from './device-options.ts';
import type { Target } from './target.ts';

/** Each thing takes at least three calls. */
const THINGS_AT_ONCE = 8;

interface ListedThing {
  readonly name: string;
  readonly type?: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly certificates: readonly Pick<AttachedCertificate, 'certificateId' | 'status'>[];
}

const COLUMNS: readonly Column<ListedThing>[] = [
  { title: 'name', value: ({ name }) => name, isWhole: true },
  { title: 'type', value: ({ type }) => type },
  { title: 'groups', value: ({ groups }) => groups.join(',') },
  {
    title: 'attributes',
    value: ({ attributes }) =>
      Object.entries(attributes)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
  },
  {
    title: 'certificates',
    isWhole: true,
    value: ({ certificates }) =>
      certificates.map(({ certificateId, status }) => `${shortId(certificateId)} ${status}`).join(', ') ||
      'none',
    colour: ({ certificates }) =>
      certificates.some(({ status }) => status === 'ACTIVE') ? undefined : 'yellow',
  },
];

/** Names of the groups that a thing is in directly, sorted. */
export async function groupsOf(client: IoTClient, thingName: string): Promise<string[]> {
  const groups: string[] = [];
  for await (const page of paginateListThingGroupsForThing({ client }, { thingName }))
    groups.push(...(page.thingGroups ?? []).map(({ groupName = '' }) => groupName));
  return groups.sort();
}

/** Undefined for a thing that is not in the wanted group. */
async function describe(
  client: IoTClient,
  { thingName = '', thingTypeName, attributes = {} }: ThingAttribute,
  wanted: string | undefined,
): Promise<ListedThing | undefined> {
  const groups = await groupsOf(client, thingName);
  if (wanted !== undefined && !groups.includes(wanted)) return undefined;
  const certificates = await certificatesOf(client, thingName);
  return {
    name: thingName,
    ...(thingTypeName !== undefined && { type: thingTypeName }),
    ...{ groups, attributes },
    certificates: certificates.map(({ certificateId, status }) => ({ certificateId, status })),
  };
}

export async function list(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const client = await target.client();
  const { type: thingTypeName, group, format = 'table' } = options;
  const things: ThingAttribute[] = [];
  for await (const page of paginateListThings(
    { client },
    thingTypeName === undefined ? {} : { thingTypeName },
  ))
    things.push(...(page.things ?? []));
  things.sort((a, b) => ((a.thingName ?? '') < (b.thingName ?? '') ? -1 : 1));
  const described = await inParallel(things, THINGS_AT_ONCE, (thing) => describe(client, thing, group));
  const rows = described.filter((each) => each !== undefined);
  if (rows.length > 0 || format !== 'table') for (const line of listing(rows, COLUMNS, { format })) say(line);
  else if (thingTypeName !== undefined || group !== undefined) say('no thing of that type and group');
  else say(`no things: npm run device -- create NAME${sameCloud(options)} creates one`);
}
