// Creates a simulated device that does not exist yet, through the AWS IoT API like any real one.

import { isRefused } from '../commands/running-stack.ts';
import type { Credentials } from './identities.ts';
import { SimError } from './sim-error.ts';
import type { Target } from './target.ts';

export interface NewDevice {
  readonly name: string;
  readonly group: string;
  readonly site: string;
}

/** Creates thing, key and certificate. @throws SimError that names the device, the cause and the remedy. */
export async function makeDevice(target: Target, { name, group, site }: NewDevice): Promise<Credentials> {
  try {
    const { onboard } = await import('./onboarding.ts');
    const attributes = { site, units: 'temperature:C,humidity:percent' };
    const policy = 'TidegateDevice';
    return await onboard(await target.client(), { name, type: 'sensor', group, attributes, policy });
  } catch (error) {
    const problem = isRefused(error) ? target.noAnswer : `${(error as Error).message}: ${target.remedy}`;
    throw new SimError(`device ${name} cannot be created: ${problem}`, { cause: error });
  }
}
