// Uplinks of the Helium Console, which ran until 2023, and of servers that kept its format.
//
// @see https://docs.helium.com/console/integrations/json-schema

import { isObject, isText, type Format } from './draft.ts';
import { readDecoded } from './lorawan.ts';
import { timeIn } from './samples.ts';

const REMEDY = 'the uplink has no decoded payload: add a function with a decoder to the flow of the device';

/** An array `hotspots` and `dev_eui`. */
export const helium: Format = {
  name: 'helium',
  read(payload, surroundings) {
    if (!isObject(payload) || !Array.isArray(payload['hotspots']) || !isText(payload['dev_eui']))
      return undefined;
    const decoded = payload['decoded'];
    const values = isObject(decoded) ? decoded['payload'] : undefined;
    const times = timeIn(payload, 'reported_at', []);
    const uplink = { child: payload['dev_eui'], times, path: ['decoded', 'payload'], remedy: REMEDY };
    return readDecoded(values, uplink, surroundings);
  },
};
