// A device that is being added: its key, made in this browser, and its certificate, which stay while the page does.

import { signal } from '@preact/signals';
import { groupOf, type NewDevice } from '../model/new-device.ts';
import type { App } from './app.ts';
import type { DeviceKey } from './device-key.ts';

export interface Added extends NewDevice {
  readonly certificateId: string;
  readonly cert: string;
  readonly key: string;
}

/** Stays while the page does, so that somebody who looks elsewhere meanwhile does not lose the key. */
export const added = signal<Added | undefined>(undefined);
export const isSaved = signal(false);
export const isHeard = signal(false);

/** Of a try whose answer was lost: the same request again gets the certificate that was made then. */
let pending: (DeviceKey & Pick<NewDevice, 'name'>) | undefined;

/** The key never leaves this function but into the memory of the page. @throws ApiError where the API refuses */
export async function addDevice(app: App, device: NewDevice): Promise<void> {
  const { name, type, site } = device;
  const { makeDeviceKey } = await import('./device-key.ts');
  if (pending?.name !== name) pending = { name, ...(await makeDeviceKey(name)) };
  const { keyPem: key, csr } = pending;
  const group = groupOf(site, app.store.devices.peek() ?? []);
  const body = { name, site, group, csr, ...(type !== '' && { type }) };
  const { certificateId, certificatePem: cert } = await app.api.send<{
    certificateId: string;
    certificatePem: string;
  }>('POST', '/devices', body);
  added.value = { ...device, certificateId, cert, key };
  pending = undefined;
  isSaved.value = false;
  isHeard.value = false;
}
