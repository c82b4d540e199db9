// The functions' client for the data plane of AWS IoT (shadows), with time limits.

import { IoTDataPlaneClient, type IoTDataPlaneClientConfig } from '@aws-sdk/client-iot-data-plane';
import { IOT_LIMITS, limitSettings, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. */
export function openIotData({
  limits = IOT_LIMITS,
  ...settings
}: IoTDataPlaneClientConfig & { readonly limits?: CallLimits } = {}): IoTDataPlaneClient {
  const client = new IoTDataPlaneClient({ ...limitSettings(limits), ...settings });
  return withinLimits(client, 'AWS IoT', limits);
}
