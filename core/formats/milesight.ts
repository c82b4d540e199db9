// Milesight's LoRaWAN gateways, which put decoded values next to the device's names, and the history in its decoders' output.
//
// @see https://github.com/Milesight-IoT/SensorDecoders

import { isObject, isObjects, isText, leavesOf, type Draft, type Format, type Json } from './draft.ts';
import { generalDraft } from './general.ts';
import { measuredAt, timeIn } from './samples.ts';

const NOT_MEASURED = new Set([
  ...[
    'applicationID',
    'applicationName',
    'deviceName',
    'devEUI',
    'devAddr',
    'cellularIP',
    'time',
    'gatewayTime',
  ],
  ...['data', 'fPort', 'fCnt', 'dr', 'adr', 'confirmed', 'rxInfo', 'txInfo', 'metadata', 'sn', 'publishedAt'],
  ...['acknowledged', 'margin', 'tags', 'object', 'objectJSON', 'confirmedUplink', 'devEui'],
]);
const REMEDY = 'the uplink has no decoded values: add a payload codec for the device at the LoRaWAN server';

/** `applicationID` and `devEUI` beside the values; ChirpStack 3, which also has an object of values, is tried before it. */
export const milesightGateway: Format = {
  name: 'milesight-gateway',
  read(payload) {
    if (!isObject(payload) || payload['applicationID'] === undefined || !isText(payload['devEUI']))
      return undefined;
    const times = [...timeIn(payload, 'time', []), ...timeIn(payload, 'gatewayTime', [])].slice(0, 1);
    const values = leavesOf(payload, [], [], (member, depth) => depth === 0 && NOT_MEASURED.has(member));
    return [{ child: payload['devEUI'], times, values, ...(isText(payload['data']) && { remedy: REMEDY }) }];
  },
};

/** An array `history` of objects that each have a `timestamp`, alone or beside the present values. */
export const milesightHistory: Format = {
  name: 'milesight',
  read(payload) {
    if (!isObject(payload)) return undefined;
    const { history, ...present } = payload;
    if (!isObjects(history) || !history.every(isStored)) return undefined;
    const drafts: Draft[] = history.map((stored, index) => {
      const at = ['history', String(index)];
      const times = [measuredAt([...at, 'timestamp'], stored['timestamp'])];
      return { at, times, values: leavesOf(stored, at, [], (member) => member === 'timestamp') };
    });
    return Object.keys(present).length > 0 ? [generalDraft(present), ...drafts] : drafts;
  },
};

const isStored = (value: Json) => typeof value['timestamp'] === 'number' && Object.keys(value).length > 1;
