// Adds a device: its thing, and a certificate for the key that its owner made. A call that failed halfway can be repeated.

import { isOfSameKey } from '../core/certificate-key.ts';
import { seesSite } from '../core/access.ts';
import type { AdmitDevice, Certificate, NewThing, ThingRegistry } from './device-ports.ts';
import type { DeviceStore } from './ports.ts';

export interface NewDevice extends NewThing {
  /** Signing request, PKCS #10 in PEM. */
  readonly csr: string;
  /** The only sites that the caller sees; absent: all. */
  readonly sites?: readonly string[] | undefined;
}

export type AddedDevice =
  | { readonly outcome: 'added'; readonly certificate: Certificate }
  /** The thing has a certificate for another key. */
  | { readonly outcome: 'taken'; readonly certificateId: string }
  /** The device, or its thing, exists already and has no site, or one that the caller does not see. */
  | { readonly outcome: 'elsewhere' }
  /** The limit of devices added in this hour is reached. */
  | { readonly outcome: 'full' }
  | { readonly outcome: 'refused'; readonly part: 'csr' | 'thing'; readonly problem: string };

/** Rejects with the SDK's error; then the device cannot connect. */
export type AddDevice = (device: NewDevice) => Promise<AddedDevice>;

/**
 * A thing without an active certificate was left by a call that failed; this call finishes it. The certificate is issued
 * first, so that a signing request that is refused leaves nothing behind.
 */
export function createAddDevice(ports: {
  readonly things: ThingRegistry;
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly admit: AdmitDevice;
}): AddDevice {
  const { things, devices, admit } = ports;

  /** Whether the name belongs to another site: to an unfinished thing, or to a device whose history is stored. */
  async function isElsewhere(name: string, sites: readonly string[]): Promise<boolean> {
    const [attributes, device] = await Promise.all([things.attributesOf(name), devices.load(name)]);
    const known = [...(attributes ? [attributes['site']] : []), ...(device ? [device.site] : [])];
    return known.some((site) => !seesSite({ sites }, site));
  }

  return async ({ csr, sites, ...thing }) => {
    if (sites && (await isElsewhere(thing.name, sites))) return { outcome: 'elsewhere' };
    const certificates = (await things.certificatesOf(thing.name)) ?? [];
    const active = certificates.filter(({ status }) => status === 'ACTIVE');
    const same = active.find(({ certificatePem }) => isOfSameKey(csr, certificatePem));
    if (same) return { outcome: 'added', certificate: same };
    if (active[0]) return { outcome: 'taken', certificateId: active[0].certificateId };
    if (!(await admit(thing.name))) return { outcome: 'full' };
    const issued = await things.issue(csr);
    if ('problem' in issued) return { outcome: 'refused', part: 'csr', problem: issued.problem };
    try {
      const refused = await things.register(thing);
      if (refused) {
        await things.discard(issued, thing.name);
        return { outcome: 'refused', part: 'thing', problem: refused.problem };
      }
      await things.putIntoService(issued, thing.name);
    } catch (error) {
      await things.discard(issued, thing.name).catch((left: unknown) => {
        const message = `${thing.name} was not added, and its certificate ${issued.certificateId} remains, inactive`;
        throw new AggregateError([error, left], message, { cause: error });
      });
      throw error;
    }
    return { outcome: 'added', certificate: issued };
  };
}
