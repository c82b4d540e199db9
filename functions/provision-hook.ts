// Decides whether a device with a claim certificate may be provisioned: AWS IoT calls this hook before it creates a thing.

import type { IoTPreProvisioningHookEvent, IoTPreProvisioningHookResult } from 'aws-lambda';
import { createHandler, type Tools } from '../adapters/create-handler.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readProvisionHookEnvironment } from '../adapters/environment.ts';
import { openIot } from '../adapters/iot-client.ts';
import { createRegistrationStore } from '../adapters/registration-store.ts';
import { createThingLookup } from '../adapters/thing-registry.ts';
import { HOOK_LIMITS as limits } from '../adapters/time-limits.ts';
import { judgeSerial } from '../core/provisioning.ts';

/** https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html */
type HookAnswer = Pick<IoTPreProvisioningHookResult, 'allowProvisioning'>;

const environment = readProvisionHookEnvironment(process.env);
const { serialNumberPattern, registrationsPerHour: perHour, requiresListing } = environment;
const thingExists = createThingLookup({ client: openIot({ limits }) });
const registrations = createRegistrationStore({
  client: openDynamoDb({ limits }),
  table: environment.registrationsTable,
  perHour,
  now: () => Date.now(),
});

/** If something cannot be checked, the call fails, and AWS IoT provisions nothing. */
export const handler = createHandler(
  async (event: IoTPreProvisioningHookEvent, tools): Promise<HookAnswer> => {
    const judged = judgeSerial(event, serialNumberPattern);
    if ('refused' in judged) return refuse(tools, judged.refused);
    const { serialNumber } = judged;
    tools.identify({ serialNumber });
    // In parallel, because AWS IoT waits five seconds in total.
    const [exists, isAllowed] = await Promise.all([
      thingExists(serialNumber),
      requiresListing ? registrations.isAllowed(serialNumber) : true,
    ]);
    // Otherwise anyone with a claim could get a certificate in the name of a device that is already in use.
    if (exists) return refuse(tools, 'a thing of this name exists already');
    if (!isAllowed) return refuseStranger(tools, 'not-listed', 'the serial number is not on the list');
    if (perHour > 0 && !(await registrations.admit(serialNumber))) {
      return refuseStranger(tools, 'hourly-limit', `${perHour} devices were registered in this hour already`);
    }
    tools.count('DevicesProvisioned', 1);
    return { allowProvisioning: true };
  },
);

function refuse(tools: Tools, reason: string): HookAnswer {
  tools.count('DevicesRefused', 1);
  tools.warn('Device not provisioned', { reason });
  return { allowProvisioning: false };
}

/** Such refusals are the sign of a leaked claim; an alarm watches their count. */
function refuseStranger(tools: Tools, kind: string, reason: string): HookAnswer {
  tools.count('RegistrationsRefused', 1);
  tools.count('RegistrationsRefused', 1, kind);
  return refuse(tools, reason);
}
