// An IoT service in a temporary folder for the tests of this room, optionally with an HTTP server on a free port.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IoTClient } from '@aws-sdk/client-iot';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { account } from '../../account.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { openIot, type Iot } from '../../iot/iot.ts';
import { silentLog, type Log } from '../../log.ts';
import type { ResolvedTemplate } from '../../template/resolved.ts';

export const start = Date.parse('2026-11-20T12:00:00Z');
export const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;

export async function openTestIot(
  options: {
    dir?: string;
    clock?: ManualClock;
    log?: Log;
    template?: Pick<ResolvedTemplate, 'ofType'>;
  } = {},
): Promise<{ iot: Iot; dir: string; clock: ManualClock }> {
  const { dir = temporaryFolder(), clock = createManualClock(start), log = silentLog, template } = options;
  const iot = await openIot({ dir, ...account, organization: 'Acme', clock, log, template });
  cleanup(() => iot.close());
  return { iot, dir, clock };
}

/** Serves `iot` over HTTP, as port 4566 does, and gives the URL and an SDK client. */
export async function serve(iot: Iot): Promise<{ url: string; client: IoTClient }> {
  const server = createServer((req, res) => void iot.handler(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new IoTClient({ endpoint: url, region: 'us-east-1', credentials });
  cleanup(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { url, client };
}
