// The binary formats of RuuviTag and Ruuvi Air, as Bluetooth advertisements carry them.

import {
  flag,
  logarithmicLux,
  s16,
  signAndMagnitude,
  txPower,
  u16,
  u24,
  u8,
  u9,
  volts,
  type Read,
} from './ruuvi-fields.ts';

/** Null: the tag reports that it does not have the value. */
export interface RuuviData {
  /** Format 6 has only the last three bytes; format 3 has none. */
  readonly mac?: string;
  readonly values: ReadonlyMap<string, number | null>;
}

type Layout = {
  readonly length: number;
  readonly mac?: readonly [from: number, to: number];
  readonly fields: readonly (readonly [name: string, read: Read])[];
};

const CLIMATE = [
  ['temperature', s16(1, 0.005)],
  ['humidity', u16(3, 0.0025)],
  ['pressure', u16(5, 1, 50_000)],
] as const;
const acceleration = (at: number) =>
  ['accelX', 'accelY', 'accelZ'].map((name, axis) => [name, s16(at + axis * 2, 0.001)] as const);

/** By the first byte; big-endian. Names and units are those of the gateway's decoded values. */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map<number, Layout>([
  [
    3,
    {
      length: 14,
      fields: [
        ['temperature', signAndMagnitude],
        ['humidity', (data) => data.getUint8(1) / 2],
        ['pressure', (data) => data.getUint16(4) + 50_000],
        ...acceleration(6),
        ['voltage', (data) => data.getUint16(12) / 1000],
      ],
    },
  ],
  [
    5,
    {
      length: 24,
      mac: [18, 24],
      fields: [
        ...CLIMATE,
        ...acceleration(7),
        ['voltage', volts],
        ['txPower', txPower],
        ['movementCounter', u8(15, 0xff)],
        ['measurementSequenceNumber', u16(16)],
      ],
    },
  ],
  [
    6,
    {
      length: 20,
      mac: [17, 20],
      fields: [
        ...CLIMATE,
        ['PM2.5', u16(7, 0.1)],
        ['CO2', u16(9)],
        ['VOC', u9(11, 16, 6)],
        ['NOx', u9(12, 16, 7)],
        ['luminosity', logarithmicLux],
        ['measurementSequenceNumber', u8(15)],
        ['flag_calibration_in_progress', flag(16, 0)],
      ],
    },
  ],
  [
    0xe1,
    {
      length: 40,
      mac: [34, 40],
      fields: [
        ...CLIMATE,
        ...['PM1.0', 'PM2.5', 'PM4.0', 'PM10.0'].map((name, size) => [name, u16(7 + size * 2, 0.1)] as const),
        ['CO2', u16(15)],
        ['VOC', u9(17, 28, 6)],
        ['NOx', u9(18, 28, 7)],
        ['luminosity', u24(19, 0.01)],
        ['measurementSequenceNumber', u24(25)],
        ['flag_calibration_in_progress', flag(28, 0)],
      ],
    },
  ],
]);

const HEX = /^(?:[0-9a-f]{2}){4,512}$/i;
/** The type of manufacturer data in an advertisement, and Ruuvi's company number in it, little-endian. */
const MANUFACTURER = 0xff;
const RUUVI = 0x99_04;

/**
 * Reads an advertisement in hexadecimal digits. Undefined if no part of it is Ruuvi's: gateways relay other beacons too.
 * @see https://docs.ruuvi.com/communication/bluetooth-advertisements
 */
export function readAdvertisement(hex: unknown): RuuviData | undefined {
  if (typeof hex !== 'string' || !HEX.test(hex)) return undefined;
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 < bytes.length; at += bytes[at]! + 1) {
    const part = bytes.subarray(at + 1, at + 1 + bytes[at]!);
    if (part[0] === MANUFACTURER && part.length > 3 && part.readUInt16BE(1) === RUUVI)
      return readData(part.subarray(3));
  }
  return undefined;
}

function readData(bytes: Uint8Array): RuuviData | undefined {
  const layout = LAYOUTS.get(bytes[0]!);
  if (!layout || bytes.length < layout.length) return undefined;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Map(layout.fields.map(([name, read]) => [name, read(data)]));
  const address = layout.mac && bytes.subarray(...layout.mac);
  // All ones: the tag does not know its address.
  if (!address || address.every((byte) => byte === 0xff)) return { values };
  const mac = Array.from(address, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
  return { mac, values };
}
