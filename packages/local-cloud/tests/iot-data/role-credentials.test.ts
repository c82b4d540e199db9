// Who gets credentials of a role over HTTPS: a device with a certificate, not a client of an authorizer.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { createManualClock } from '../../clock.ts';
import type { DataPlane } from '../../iot-data/call.ts';
import { createDeviceHttps, type Identify } from '../../iot-data/device-https.ts';
import { createRoleCredentials } from '../../iot-data/role-credentials.ts';
import { silentLog } from '../../log.ts';
import type { Identity } from '../../mqtt/access.ts';

const alias = {
  ...{ name: 'alias', roleArn: 'arn:aws:iam::000000000000:role/r', durationSeconds: 900 },
  ...{ createdAt: 0, modifiedAt: 0 },
};

/** The status of a request for credentials, where all policies allow everything. */
async function request(who: Identity | Identify): Promise<number> {
  const clock = createManualClock(0);
  const access = { allows: () => true };
  const giveCredentials = createRoleCredentials({ access, aliases: new Map([['alias', alias]]), clock });
  const serve = createDeviceHttps({
    ...{ plane: {} as DataPlane, access, giveCredentials, clock, log: silentLog },
  });
  const server = createServer((socket) => serve(socket as TLSSocket, who)).listen(0, '127.0.0.1');
  cleanup(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/role-aliases/alias/credentials`;
  const response = await fetch(url, { headers: { connection: 'close' } });
  await response.text();
  return response.status;
}

const identity: Identity = { principal: 'p1', sourceIp: '127.0.0.1' };

test('a device with a certificate gets credentials', async () => {
  assert.equal(await request(identity), 200);
});

test('a client of an authorizer gets none, whatever its policies allow', async () => {
  assert.equal(await request(() => Promise.resolve(identity)), 403);
});
