// Reads a device's facts from the registry of AWS IoT.

import {
  DescribeThingCommand,
  DescribeThingGroupCommand,
  ListThingGroupsForThingCommand,
  ResourceNotFoundException,
  type IoTClient,
} from '@aws-sdk/client-iot';
import type { ThingFacts } from '../core/device.ts';
import { createRemembering } from '../core/recent.ts';

/** The attribute of a thing, or of its site's group, that names the time zone. */
export const TIME_ZONE_ATTRIBUTE = 'timezone';
/** How long a group's attributes are cached: after a power cut, all of its things connect at once. */
const GROUP_MS = 600_000;
const REMEMBERED_GROUPS = 1000;

/** Whether a thing of that name exists. */
export function createThingLookup(options: { client: IoTClient }): (thingName: string) => Promise<boolean> {
  return async (thingName) => (await describe(options.client, thingName)) !== undefined;
}

/**
 * A thing's type, groups, attributes and time zone, as written in the registry; undefined if there is no such thing.
 * Rejects with the SDK's error.
 */
export type ReadThing = (thingName: string) => Promise<ThingFacts | undefined>;

export function createThingReader(options: {
  readonly client: IoTClient;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): ReadThing {
  const { client, now } = options;
  const zoneOfGroup = createRemembering(async (name) => readZone(client, name), {
    ...{ limit: REMEMBERED_GROUPS, forMs: GROUP_MS, now },
  });

  /** The time zone of the thing, or else of the first of its groups, by name, that has one. */
  async function zoneOf({ groups, attributes }: ThingFacts): Promise<string | undefined> {
    const own = attributes[TIME_ZONE_ATTRIBUTE];
    if (own !== undefined) return own;
    for (const name of [...groups].sort()) {
      const zone = await zoneOfGroup(name);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  return async (thingName) => {
    const thing = await describe(client, thingName);
    if (!thing) return undefined;
    const groups = await orUndefined(groupsOf(client, thingName));
    if (!groups) return undefined; // deleted in between
    const { thingTypeName, attributes = {} } = thing;
    const facts = { ...(thingTypeName !== undefined && { type: thingTypeName }), groups, attributes };
    const timeZone = await zoneOf(facts);
    return { ...facts, ...(timeZone !== undefined && { timeZone }) };
  };
}

/** Undefined also if the group is deleted in between. */
async function readZone(client: IoTClient, thingGroupName: string): Promise<string | undefined> {
  const group = await orUndefined(client.send(new DescribeThingGroupCommand({ thingGroupName })));
  return group?.thingGroupProperties?.attributePayload?.attributes?.[TIME_ZONE_ATTRIBUTE];
}

const describe = (client: IoTClient, thingName: string) =>
  orUndefined(client.send(new DescribeThingCommand({ thingName })));

async function groupsOf(client: IoTClient, thingName: string): Promise<string[]> {
  const names: string[] = [];
  let from: string | undefined;
  do {
    const { thingGroups = [], nextToken }: { thingGroups?: { groupName?: string }[]; nextToken?: string } =
      await client.send(new ListThingGroupsForThingCommand({ thingName, nextToken: from }));
    names.push(...thingGroups.flatMap(({ groupName }) => groupName ?? []));
    from = nextToken;
  } while (from);
  return names;
}

async function orUndefined<Found>(answer: Promise<Found>): Promise<Found | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
