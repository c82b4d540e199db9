// What rules see of the properties of an MQTT 5 message.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import type { MessageProperties } from '../../mqtt/message.ts';
import { compileStatement } from '../../rules/statement.ts';
import { jsonOf } from '../../json/value.ts';
import { contextOf, messageOf } from './message.ts';

function valueOf(expression: string, properties?: MessageProperties): string {
  const outcome = compileStatement(`SELECT VALUE (${expression})`).evaluate(
    contextOf({ ...messageOf('{}'), properties }),
  );
  assert.ok(outcome.kind === 'selected' && outcome.output.kind === 'json');
  return jsonOf(outcome.output.value) || 'Undefined';
}

const all: MessageProperties = {
  contentType: 'application/json',
  responseTopic: 'a/b',
  correlationData: 'AQI=',
  payloadFormatIndicator: true,
  userProperties: [
    ['k', '1'],
    ['__proto__', 'p'],
    ['k', '2'],
  ],
};

const cases: [string, string, MessageProperties?][] = [
  ["get_mqtt_property('content_type')", '"application/json"', all],
  ["get_mqtt_property('response_topic')", '"a/b"', all],
  ["get_mqtt_property('correlation_data')", '"AQI="', all],
  ["get_mqtt_property('format_indicator')", '"UTF8_DATA"', all],
  ["get_mqtt_property('nope')", 'Undefined', all],
  ["get_mqtt_property('constructor')", 'Undefined', all],
  ['get_mqtt_property(1)', 'Undefined', all],
  ['get_mqtt_property()', 'Undefined', all],
  ["get_mqtt_property('content_type')", 'Undefined'],
  ["get_mqtt_property('correlation_data')", 'Undefined', {}],
  ["get_mqtt_property('format_indicator')", '"UNSPECIFIED_BYTES"'],
  ["get_user_properties('k')", '["1","2"]', all],
  ["get_user_properties('x')", 'Undefined', all],
  ["get_user_properties('k')", 'Undefined'],
  ['get_user_properties()', '[{"k":"1"},{"__proto__":"p"},{"k":"2"}]', all],
  ['get_user_properties()', '[]'],
  ["get(get_user_properties('k'), 1)", '"2"', all],
];

describe('an MQTT 5 property', () => {
  for (const [expression, expected, properties] of cases) {
    it(`${expression} is ${expected} ${properties ? 'where' : 'unless'} the publisher gives it`, () =>
      assert.equal(valueOf(expression, properties), expected));
  }
});
