// An administrator restricted to some sites adds devices only there, and cannot take a name, thing or group of another site.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHttpApi } from '../../http-api/app.ts';
import { withinSites } from '../../http-api/least-group.ts';
import type { ApiCaller } from '../../http-api/route.ts';
import { thingRoutes } from '../../http-api/thing-routes.ts';
import { createAddDevice } from '../../pipeline/add-device.ts';
import type { NewThing } from '../../pipeline/device-ports.ts';

const csr = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----';
const certificate = { certificateId: 'c', certificateArn: 'arn', certificatePem: 'PEM' };

/** Attributes in the registry, by thing. */
const registry: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'left-here': { site: 'seattle' },
  'left-there': { site: 'oslo' },
  'left-nowhere': {},
  moved: { site: 'seattle' },
};
/** Where the last message of a device came from. */
const known: Readonly<Record<string, string | undefined>> = {
  ...{ 'gone-here': 'seattle', 'gone-there': 'oslo', 'gone-nowhere': undefined, moved: 'oslo' },
};

async function add(body: object, caller: Partial<ApiCaller> = {}) {
  const registered: NewThing[] = [];
  const devices = {
    load: async (deviceId: string) => {
      if (!(deviceId in known)) return undefined;
      const site = known[deviceId];
      return { deviceId, ...(site !== undefined && { site }) };
    },
  };
  const things = {
    exists: async (name: string) => name in registry,
    attributesOf: async (name: string) => registry[name],
    certificatesOf: async () => undefined,
    issue: async () => certificate,
    register: async (thing: NewThing) => void registered.push(thing),
    putIntoService: async () => {},
    discard: async () => assert.fail('discarded'),
  };
  const routes = thingRoutes({
    add: createAddDevice({ things, devices, admit: async () => true }),
    things,
    shadows: { read: async () => undefined, desire: async () => 'changed' },
    ...{ perHour: 1, now: () => 0 },
  });
  const serve = createHttpApi(routes.map((route) => withinSites(route, devices)));
  const request = new Request('https://api.example/devices', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ csr, ...body }),
  });
  const response = await serve(request, {
    resolve: async () => ({
      id: 'ann',
      isGuest: false,
      group: 'admin',
      sites: ['seattle', 'lima'],
      ...caller,
    }),
    onError: (error) => assert.fail(String(error)),
  });
  const { detail } = (await response.json()) as { detail?: string };
  return { status: response.status, detail, registered: registered.map(({ group }) => group) };
}

const allowed: readonly object[] = [
  { name: 'new', site: 'seattle' },
  { name: 'new', site: 'lima', group: 'Lima' },
  { name: 'left-here', site: 'seattle' },
  { name: 'gone-here', site: 'lima' },
];
for (const body of allowed)
  test(`adds ${JSON.stringify(body)}`, async () => {
    const { status, registered } = await add(body);
    assert.deepEqual([status, registered.length], [200, 1]);
  });

const refused: readonly (readonly [body: object, status: number, detail: RegExp])[] = [
  [
    { name: 'new', site: 'oslo' },
    403,
    /^You can add devices only to your sites, seattle, lima, not to oslo$/,
  ],
  [
    { name: 'new', site: 'seattle', group: 'oslo' },
    403,
    /leave out `group`, or ask someone who sees all sites/,
  ],
  ...['left-there', 'left-nowhere', 'gone-there', 'gone-nowhere', 'moved'].map(
    (name) =>
      [{ name, site: 'seattle' }, 409, /exists already outside your sites, seattle, lima: choose/] as const,
  ),
];
for (const [body, status, detail] of refused)
  test(`refuses ${JSON.stringify(body)}, and makes nothing`, async () => {
    const found = await add(body);
    assert.equal(found.status, status);
    assert.match(found.detail!, detail);
    assert.deepEqual(found.registered, []);
  });

test('a caller for all sites adds devices to any site and group, and completes unfinished ones', async () => {
  const { status, registered } = await add(
    { name: 'left-there', site: 'oslo', group: 'x' },
    { sites: undefined },
  );
  assert.deepEqual([status, registered], [200, ['x']]);
});

test('an operator of a site adds no device', async () => {
  assert.equal((await add({ name: 'new', site: 'seattle' }, { group: 'operator' })).status, 403);
});
