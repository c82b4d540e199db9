// Uplinks of AWS IoT Core for LoRaWAN and Amazon Sidewalk, which do not decode payloads: the values are the device's own bytes.
//
// @see https://docs.aws.amazon.com/iot-wireless/latest/developerguide/lorawan-uplink-metadata-format.html
// @see https://github.com/aws-samples/aws-iot-core-lorawan/tree/main/transform_binary_payload

import { isObject, isText, type Draft, type Format, type Json } from './draft.ts';
import { readDecoded } from './lorawan.ts';
import { timeIn } from './samples.ts';

const REMEDY =
  'PayloadData of AWS IoT Core for LoRaWAN holds the bytes of the device: let the rule of the destination decode it and send transformed_payload';
/** Members that the sample adds to the decoded values. */
const DECODERS_OWN = new Set(['input_length', 'input_hex', 'status']);

/** `WirelessDeviceId` with `PayloadData` and a metadata object, or with `transformed_payload` of the AWS sample's decoder. */
export const awsLorawan: Format = {
  name: 'aws-lorawan',
  read(payload, surroundings) {
    if (!isObject(payload)) return undefined;
    const transformed = payload['transformed_payload'];
    const uplink = isObject(payload['lns_payload']) ? payload['lns_payload'] : payload;
    const name = payload['WirelessDeviceId'] ?? uplink['WirelessDeviceId'];
    const metadata = uplink['WirelessMetadata'] ?? uplink['Metadata'];
    if (!isText(name) || (!isObject(transformed) && !isText(uplink['PayloadData']))) return undefined;
    if (!isObject(transformed) && !isObject(metadata)) return undefined;
    const path = uplink === payload ? [] : ['lns_payload'];
    const times = timesOf(uplink, path);
    const found = { child: name, times, path: ['transformed_payload'], remedy: REMEDY };
    return readDecoded(transformed, found, surroundings).map((draft) => ({
      ...draft,
      values: draft.values.filter(({ path }) => !DECODERS_OWN.has(path.at(-1)!)),
    }));
  },
};

function timesOf(uplink: Json, path: readonly string[]): Draft['times'] {
  for (const member of ['WirelessMetadata', 'Metadata']) {
    const metadata = uplink[member];
    const radio = isObject(metadata) ? metadata['LoRaWAN'] : undefined;
    if (isObject(radio)) return timeIn(radio, 'Timestamp', [...path, member, 'LoRaWAN']);
  }
  return [];
}
