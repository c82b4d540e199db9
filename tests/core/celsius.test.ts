// The name of a temperature in Fahrenheit or Kelvin, as it is and converted to Celsius.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { scaled } from '../../core/celsius.ts';
import { decimalOf, decimalText } from '../../core/decimal.ts';

const names: readonly (readonly [name: string, inCelsius: string, asItIs: string])[] = [
  ['temperature_F', 'temperature', 'temperature_F'],
  ['temperatureF', 'temperature', 'temperatureF'],
  ['temperatureFahrenheit', 'temperature', 'temperatureFahrenheit'],
  ['ambient_fahrenheit', 'ambient', 'ambient_fahrenheit'],
  ['temperature_f_1', 'temperature_1', 'temperature_f_1'],
  ['tempf', 'temp', 'tempf'],
  ['tF', 'tC', 'tF'],
  ['temperature_0_tF', 'temperature_0_tC', 'temperature_0_tF'],
  ['BME280_Temperature', 'BME280_Temperature', 'BME280_Temperature_F'],
  ['probe', 'probe', 'probe_F'],
];
for (const [name, inCelsius, asItIs] of names) {
  test(`${name} in Fahrenheit is ${asItIs}, and in Celsius ${inCelsius}`, () => {
    const measured = { name, value: decimalOf(41)!, unit: '°F' };
    assert.equal(scaled(measured).name, asItIs);
    const { name: asked, value, unit } = scaled(measured, true);
    assert.deepEqual([asked, decimalText(value), unit], [inCelsius, '5', '°C']);
  });
}

const kelvin: readonly (readonly [name: string, inCelsius: string, asItIs: string])[] = [
  ['temperature', 'temperature', 'temperature_K'],
  ['temperature_K', 'temperature', 'temperature_K'],
  ['probe', 'probe', 'probe'],
];
for (const [name, inCelsius, asItIs] of kelvin) {
  test(`${name} in Kelvin is ${asItIs}, and in Celsius ${inCelsius}`, () => {
    const measured = { name, value: decimalOf(280.15)!, unit: 'K' };
    assert.equal(scaled(measured).name, asItIs);
    const { name: asked, value, unit } = scaled(measured, true);
    assert.deepEqual([asked, decimalText(value), unit], [inCelsius, '7', '°C']);
  });
}
