// Which names count as spellings of temperature and humidity, and which do not.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { isSpellingOf } from '../../core/spelling.ts';

const judged: Readonly<Record<string, readonly string[]>> = {
  temperature: [
    ...[
      'SCD40_Temperature',
      'temperature_value',
      'sensors_temperature_value',
      'ANALOG_Temperature',
      'MAX31855_ProbeTemperature',
      'Freezer_Temperature',
      'atmp',
    ],
    ...[
      // Names of places that contain an excluded word.
      ...['closet_temperature', 'cupboard_temp', 'window_temperature', 'heater_temperature'],
      'tmp_tC',
      'ext_temperature_0_tC',
      'temperature_1_C',
      'TempC_SHT',
      'TempC_DS',
      'TempC1',
      'temperature_l1',
    ],
    ...['temperatureSensor_1', 'temperature_probe', 'local_temperature', 'data_temperature', 'temp1'],
    ...['temperature', 'Temperature', 'TEMP', 'temp', 'tempc', 'temp_c', 'Temp_C', 'tempCelsius', 'tC'],
    ...[
      'temperature_2',
      'temperature_0_tC',
      'BME280_Temperature',
      'DS18B20_1_Temperature',
      'SHT3X_Temperature',
    ],
  ],
  humidity: [
    'LYWSD03_52680f_Humidity',
    'rhum',
    'humidity',
    'Humidity',
    'hum',
    'rh',
    'relative_humidity',
    'humidity_0_rh',
    'AM2301_Humidity',
  ],
  pressure: ['pressure', 'Pressure'],
  constructor: ['constructor', 'Constructor'],
  toString: ['toString', 'tostring'],
};

for (const [metric, names] of Object.entries(judged)) {
  for (const name of names) {
    test(`${name} is a spelling of ${metric}`, () => assert.ok(isSpellingOf(metric, name)));
  }
}

const others: readonly (readonly [metric: string, name: string])[] = [
  // Fahrenheit, a chip's own temperature, a set point, and names with only the same beginning.
  ...['tempf', 'tF', 'ESP32_Temperature', 'target_temperature', 'color_temp', 'temperament', 'attempt'].map(
    (name) => ['temperature', name] as const,
  ),
  ...[
    'device_temperature',
    'switch_0_temperature_tC',
    'SI7021_Temperature_F',
    'overtemperature',
    'max_temperature',
    'wind_chill_temperature',
  ].map((name) => ['temperature', name] as const),
  ...['DewPoint_Temperature', 'occupied_heating_setpoint', 'temperature_setpoint'].map(
    (name) => ['temperature', name] as const,
  ),
  ['humidity', 'humidifier'],
  ['humidity', 'temperature'],
  ['pressure', 'BME280_Pressure'],
  ['__proto__', 'constructor'],
];
for (const [metric, name] of others) {
  test(`${name} is not a spelling of ${metric}`, () => assert.ok(!isSpellingOf(metric, name)));
}

test('checking a long name takes linear time', () => {
  for (const name of [`ds18${'a'.repeat(50_000)}`, `ds18${'a_'.repeat(50_000)}`]) {
    assert.ok(!isSpellingOf('temperature', name));
  }
});
