// The functions' client for the registry of AWS IoT, with time limits.

import { IoTClient, type IoTClientConfig } from '@aws-sdk/client-iot';
import { IOT_LIMITS, limitSettings, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. */
export function openIot({
  limits = IOT_LIMITS,
  ...settings
}: IoTClientConfig & { readonly limits?: CallLimits } = {}): IoTClient {
  return withinLimits(new IoTClient({ ...limitSettings(limits), ...settings }), 'AWS IoT', limits);
}
