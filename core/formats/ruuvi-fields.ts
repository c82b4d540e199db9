// How Ruuvi's binary formats encode one value; null means that the tag does not have the value.

export type Read = (data: DataView) => number | null;
const rounded = (value: number) => Number(value.toFixed(4));
export const s16 =
  (at: number, scale: number): Read =>
  (data) =>
    data.getInt16(at) === -0x8000 ? null : rounded(data.getInt16(at) * scale);
export const u16 =
  (at: number, scale = 1, offset = 0): Read =>
  (data) =>
    data.getUint16(at) === 0xffff ? null : rounded(data.getUint16(at) * scale + offset);
export const u24 =
  (at: number, scale = 1): Read =>
  (data) => {
    const value = data.getUint16(at) * 0x100 + data.getUint8(at + 2);
    return value === 0xff_ffff ? null : rounded(value * scale);
  };
/** Eight bits in the byte, and the lowest bit in the flags. */
export const u9 =
  (at: number, flags: number, bit: number): Read =>
  (data) => {
    const value = data.getUint8(at) * 2 + ((data.getUint8(flags) >> bit) & 1);
    return value === 0x1ff ? null : value;
  };
export const u8: (at: number, none?: number) => Read = (at, none) => (data) =>
  data.getUint8(at) === none ? null : data.getUint8(at);
export const flag =
  (at: number, bit: number): Read =>
  (data) =>
    (data.getUint8(at) >> bit) & 1;

/** A sign bit and whole degrees in one byte, hundredths in the next. */
export const signAndMagnitude: Read = (data) => {
  const whole = data.getUint8(2);
  return rounded(((whole & 0x7f) + data.getUint8(3) / 100) * (whole & 0x80 ? -1 : 1));
};
/** 11 bits: millivolts above 1600; 5 bits: dBm in steps of two above -40. */
export const volts: Read = (data) =>
  data.getUint16(13) >> 5 === 0x7ff ? null : rounded(((data.getUint16(13) >> 5) + 1600) / 1000);
export const txPower: Read = (data) =>
  (data.getUint16(13) & 0x1f) === 0x1f ? null : (data.getUint16(13) & 0x1f) * 2 - 40;
/** Logarithmic in 254 steps up to 65535 lux. */
export const logarithmicLux: Read = (data) =>
  data.getUint8(13) === 0xff
    ? null
    : Number(Math.expm1((data.getUint8(13) * Math.log(65_536)) / 254).toFixed(2));

/** By the names of the gateway's decoded values. */
export const UNITS: Readonly<Record<string, string>> = {
  temperature: 'Cel',
  humidity: '%RH',
  pressure: 'Pa',
  voltage: 'V',
  rssi: 'dBm',
  accelX: 'g',
  accelY: 'g',
  accelZ: 'g',
  txPower: 'dBm',
  CO2: 'ppm',
  luminosity: 'lx',
  'PM1.0': 'ug/m3',
  'PM2.5': 'ug/m3',
  'PM4.0': 'ug/m3',
  'PM10.0': 'ug/m3',
};
