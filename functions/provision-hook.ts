// Decides whether a device with a claim may become a thing: AWS IoT asks before it provisions one.

import { IoTClient } from '@aws-sdk/client-iot';
import type { IoTPreProvisioningHookEvent, IoTPreProvisioningHookResult } from 'aws-lambda';
import { createHandler, type Tools } from '../adapters/create-handler.ts';
import { readProvisionHookEnvironment } from '../adapters/environment.ts';
import { createThingLookup } from '../adapters/thing-registry.ts';
import { judgeSerial } from '../core/provisioning.ts';

/** https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html */
type HookAnswer = Pick<IoTPreProvisioningHookResult, 'allowProvisioning'>;

const { serialNumberPattern } = readProvisionHookEnvironment(process.env);
const thingExists = createThingLookup({ client: new IoTClient() });

export const handler = createHandler(
  async (event: IoTPreProvisioningHookEvent, tools): Promise<HookAnswer> => {
    const judged = judgeSerial(event, serialNumberPattern);
    if ('refused' in judged) return refuse(tools, judged.refused);
    const { serialNumber } = judged;
    tools.identify({ serialNumber });
    // Whoever has a claim could otherwise get a certificate in the name of a device that is at work already.
    if (await thingExists(serialNumber)) return refuse(tools, 'there is such a thing already');
    tools.count('DevicesProvisioned', 1);
    return { allowProvisioning: true };
  },
);

function refuse(tools: Tools, reason: string): HookAnswer {
  tools.count('DevicesRefused', 1);
  tools.warn('Device not provisioned', { reason });
  return { allowProvisioning: false };
}
