// Shadows over HTTP, for clients without an MQTT connection.
// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-rest-api.html

import type { ShadowId } from '../shadow/store.ts';
import { invalid, pageOf, type DataCall, type DataOperation } from './call.ts';

function thingNameOf({ label }: DataCall): string {
  if (!/^[a-zA-Z0-9:_-]{1,128}$/.test(label))
    throw invalid('thingName must be 1 to 128 of a-z A-Z 0-9 : _ -');
  return label;
}

function idOf(call: DataCall): ShadowId {
  const shadowName = call.query.get('name') ?? undefined;
  if (shadowName !== undefined && !/^[$a-zA-Z0-9:_-]{1,64}$/.test(shadowName)) {
    throw invalid('the shadow name must be 1 to 64 of a-z A-Z 0-9 $ : _ -');
  }
  return { thingName: thingNameOf(call), shadowName };
}

const resourceOf = (call: DataCall): string => {
  const { thingName, shadowName } = idOf(call);
  return shadowName === undefined ? `thing/${thingName}` : `thing/${thingName}/${shadowName}`;
};

const PATH = /^\/things\/([^/]+)\/shadow$/;

export const shadowOperations: readonly DataOperation[] = [
  {
    name: 'GetThingShadow',
    method: 'GET',
    path: PATH,
    query: ['name'],
    needs: (call) => [['iot:GetThingShadow', resourceOf(call)]],
    run: ({ shadows }, call) => shadows.get(idOf(call)),
  },
  {
    name: 'UpdateThingShadow',
    method: 'POST',
    path: PATH,
    query: ['name'],
    needs: (call) => [['iot:UpdateThingShadow', resourceOf(call)]],
    run: ({ shadows }, call) => shadows.update(idOf(call), call.body),
  },
  {
    name: 'DeleteThingShadow',
    method: 'DELETE',
    path: PATH,
    query: ['name'],
    needs: (call) => [['iot:DeleteThingShadow', resourceOf(call)]],
    run: ({ shadows }, call) => shadows.remove(idOf(call)),
  },
  {
    name: 'ListNamedShadowsForThing',
    method: 'GET',
    path: /^\/api\/things\/shadow\/ListNamedShadowsForThing\/([^/]+)$/,
    query: ['nextToken', 'pageSize'],
    needs: (call) => [['iot:ListNamedShadowsForThing', `thing/${thingNameOf(call)}`]],
    async run({ shadows, clock }, call) {
      const names = shadows.namesOf(thingNameOf(call));
      const { items, next } = pageOf(call, names, (name) => name, ['pageSize', 100]);
      return { results: items, nextToken: next, timestamp: Math.floor(clock.now() / 1000) };
    },
  },
];
