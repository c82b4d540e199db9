// The function for the routes about AWS IoT's own data of devices: adding a device, certificates and shadows.

import { createHandler } from '../adapters/create-handler.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { createShadowStore } from '../adapters/device-shadow.ts';
import { openIotData } from '../adapters/iot-data-client.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readThingsEnvironment } from '../adapters/environment.ts';
import { openIot } from '../adapters/iot-client.ts';
import { createRegistrationStore } from '../adapters/registration-store.ts';
import { createThingRegistry } from '../adapters/things.ts';
import { createUserGroups } from '../adapters/user-groups.ts';
import { openUserPool } from '../adapters/user-pool-client.ts';
import { createHttpApi } from '../http-api/app.ts';
import { createCallerLimits } from '../http-api/caller-limits.ts';
import { resolveCaller } from '../http-api/caller.ts';
import { requestOf, resultOf, signerOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { withinSites } from '../http-api/least-group.ts';
import { thingRoutes } from '../http-api/thing-routes.ts';
import { createAddDevice } from '../pipeline/add-device.ts';

const environment = readThingsEnvironment(process.env);
const { userPoolId, devicePolicy: policyName, registrationsPerHour: perHour } = environment;
const now = () => Date.now();
const client = openDynamoDb();
const things = createThingRegistry({ client: openIot(), policyName });
const registrations = createRegistrationStore({
  ...{ client, table: environment.registrationsTable, perHour, now },
  counter: 'added',
});
const devices = createDeviceStore({ client, table: environment.devicesTable });
const add = createAddDevice({
  ...{ things, devices },
  admit: async (name) => perHour === 0 || registrations.admit(name),
});
const shadows = createShadowStore({ client: openIotData() });
const routes = thingRoutes({ add, things, shadows, perHour, now });
const serveHttp = createHttpApi(routes.map((route) => withinSites(route, devices)));
const admit = createCallerLimits(now);
const groupsOf = createUserGroups({ client: openUserPool(), userPoolId, now });

export const handler = createHandler(async (event: HttpEvent, tools) => {
  const signer = signerOf(event);
  tools.identify({ route: event.routeKey, caller: signer.id });
  tools.count('ApiRequests', 1);
  const throttled = admit({ id: signer.id, isGuest: signer.kind === 'guest' });
  if (throttled) {
    tools.count('ApiThrottled', 1, throttled.limit);
    return resultOf(throttled.response);
  }
  const resolve = () => resolveCaller(signer, userPoolId, groupsOf);
  const response = await serveHttp(requestOf(event), { resolve, onError: (error) => tools.fail(error) });
  return resultOf(response);
});
