// The template with a user pool, whole or with a change, and its login pages on a free port.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import type { LoginTarget } from '../../../../tests/support/log-in.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { createSecret } from '../../cognito/secret.ts';
import { createSigningKey } from '../../cognito/signing-key.ts';
import { userPoolOf } from '../../cognito/user-pool.ts';
import { openUsers, type Users } from '../../cognito/users.ts';
import type { Log } from '../../log.ts';
import { createLogin } from '../../login/login.ts';
import type { ResolvedTemplate } from '../../template/resolved.ts';
import { load } from '../template/fixture.ts';

const text = readFileSync(path.join(import.meta.dirname, 'pool.yaml'), 'utf8');

/** @param changes text to put in the place of other text, which must be there. */
export function loadPool(changes: Readonly<Record<string, string>> = {}): ResolvedTemplate {
  let changed = text;
  for (const [from, to] of Object.entries(changes)) {
    if (!changed.includes(from)) throw new Error(`pool.yaml has no ${from}`);
    changed = changed.replace(from, () => to);
  }
  return load(changed);
}

export interface LoginFixture {
  readonly dir: string;
  readonly users: Users;
  readonly password: string;
  readonly target: LoginTarget;
  /** Of limits alone: oidc-provider has the time of the system. */
  readonly clock: ManualClock;
  readonly lines: string[];
}

export async function openLogin(): Promise<LoginFixture> {
  const dir = temporaryFolder();
  const { users, first } = await openUsers(dir, userPoolOf(loadPool())!, Date.now());
  const clock = createManualClock(Date.now());
  const lines: string[] = [];
  const write: Log['info'] = (message, fields = {}) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const login = createLogin({
    service: {
      ...{ users, first, key: createSigningKey(dir), secret: createSecret(Buffer.alloc(32, 1)) },
      handler: async () => {},
    },
    clock,
    log: { info: write, warn: write, error: write },
    count: () => {},
  });
  const server = createServer((req, res) => void login.serve(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [client] = users.pool.clients;
  const target = { url, clientId: client!.id, callback: client!.callbacks[0]! };
  return { ...{ dir, users, password: first!.password, target, clock, lines } };
}
