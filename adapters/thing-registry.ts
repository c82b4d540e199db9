// What the registry of AWS IoT knows of a device.

import { DescribeThingCommand, ResourceNotFoundException, type IoTClient } from '@aws-sdk/client-iot';

/** Tells whether there is a thing of that name. */
export function createThingLookup(options: { client: IoTClient }): (thingName: string) => Promise<boolean> {
  return async (thingName) => {
    try {
      await options.client.send(new DescribeThingCommand({ thingName }));
      return true;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return false;
      throw error;
    }
  };
}
