// Opens the shadows on the broker, and the HTTP data plane for both.

import { randomUUID } from 'node:crypto';
import type { AwsHandler } from '../aws/wire.ts';
import type { Log } from '../log.ts';
import type { RegistryView } from '../iot/registry.ts';
import { createAccess, type Authorize } from '../mqtt/access.ts';
import type { Hub } from '../mqtt/hub.ts';
import { createShadows, type Shadows } from '../shadow/service.ts';
import { openShadowStore } from '../shadow/store.ts';
import { createIotDataHandler } from './api.ts';
import type { DataPlane } from './call.ts';
import { createDeviceHttps, type ServeDevice } from './device-https.ts';
import { createRoleCredentials } from './role-credentials.ts';

export interface OpenedDataPlane {
  readonly shadows: Shadows;
  /** Serves requests that are signed for one of `signingNames`. */
  readonly handler: AwsHandler;
  /** Serves a device that presented its certificate. */
  readonly serveDevice: ServeDevice;
  /** Call when the broker is closed. */
  close(): Promise<void>;
}

/** Opens the shadows in `dir`; call before `hub.recover`, which may have requests for them. */
export async function openDataPlane(
  options: Omit<DataPlane, 'shadows' | 'hub' | 'newId'> & {
    readonly dir: string;
    readonly hub: Hub;
    readonly log: Log;
    readonly authorize: Authorize;
    /** Whose credentials devices may get; none if absent. */
    readonly roleAliases?: RegistryView['roleAliases'];
    readonly newId?: () => string;
  },
): Promise<OpenedDataPlane> {
  const { hub, clock, log, newId = randomUUID } = options;
  const store = await openShadowStore(options);
  const publish = (message: Parameters<Hub['publish']>[0]) => hub.publish(message);
  const shadows = createShadows({ store, publish, clock, log, newId });
  hub.serve(shadows);
  const plane: DataPlane = { ...options, shadows, newId };
  const access = createAccess(options);
  const giveCredentials = createRoleCredentials({ access, aliases: options.roleAliases ?? new Map(), clock });
  return {
    shadows,
    handler: createIotDataHandler(plane),
    serveDevice: createDeviceHttps({ plane, access, giveCredentials, clock, log }),
    close: () => shadows.close(),
  };
}
