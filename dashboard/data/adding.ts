// The device being added: its key, created in this browser, and its certificate. Both stay in memory while the page is open.

import { signal } from '@preact/signals';
import { groupOf, type NewDevice } from '../model/new-device.ts';
import type { App } from './app.ts';
import type { DeviceKey } from './device-key.ts';

export interface Added extends NewDevice {
  readonly certificateId: string;
  readonly cert: string;
  readonly key: string;
}

/** Kept while the page is open, so that the key is not lost when the user opens another view. */
export const added = signal<Added | undefined>(undefined);
export const isSaved = signal(false);
export const hasArrived = signal(false);

/** An attempt whose response was lost: repeating the same request returns the certificate that was created then. */
let pending: (DeviceKey & Pick<NewDevice, 'name'>) | undefined;

/** The key stays in the page's memory. @throws ApiError if the API refuses */
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
  hasArrived.value = false;
}
