// What the registry of AWS IoT knows of a device.

import {
  DescribeThingCommand,
  ListThingGroupsForThingCommand,
  ResourceNotFoundException,
  type IoTClient,
} from '@aws-sdk/client-iot';
import type { ThingFacts } from '../core/device.ts';

/** Tells whether there is a thing of that name. */
export function createThingLookup(options: { client: IoTClient }): (thingName: string) => Promise<boolean> {
  return async (thingName) => (await describe(options.client, thingName)) !== undefined;
}

/** Gives a thing's type, groups and attributes; undefined where there is no such thing. Rejects with the SDK's error. */
export type ReadThing = (thingName: string) => Promise<ThingFacts | undefined>;

export function createThingReader({ client }: { readonly client: IoTClient }): ReadThing {
  return async (thingName) => {
    const thing = await describe(client, thingName);
    if (!thing) return undefined;
    const groups = await orUndefined(groupsOf(client, thingName));
    if (!groups) return undefined; // deleted in between
    const { thingTypeName, attributes = {} } = thing;
    return { ...(thingTypeName !== undefined && { type: thingTypeName }), groups, attributes };
  };
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
