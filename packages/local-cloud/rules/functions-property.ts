// Functions on the MQTT 5 properties of the message.

import type { InboundMessage } from '../mqtt/message.ts';
import type { SqlFunction } from './sql-function.ts';
import { type ObjectValue, setMember, type Value } from '../json/value.ts';

/** By the name that get_mqtt_property() takes; absent properties are Undefined. */
const PROPERTIES: Readonly<Record<string, (message: InboundMessage) => Value>> = {
  content_type: ({ properties }) => properties?.contentType,
  response_topic: ({ properties }) => properties?.responseTopic,
  // Base64, as in the message.
  correlation_data: ({ properties }) => properties?.correlationData,
  format_indicator: ({ properties }) =>
    properties?.payloadFormatIndicator ? 'UTF8_DATA' : 'UNSPECIFIED_BYTES',
};

/** Without a key an Array of Objects with one member each, else the values of that key, in the order sent. */
function userProperties({ properties }: InboundMessage, args: readonly Value[]): Value {
  const pairs = properties?.userProperties ?? [];
  if (args.length === 0) {
    return pairs.map(([name, value]) => {
      const pair: ObjectValue = {};
      setMember(pair, name, value);
      return pair;
    });
  }
  const values = pairs.filter(([name]) => name === args[0]).map(([, value]) => value);
  return values.length > 0 ? values : undefined;
}

export const propertyFunctions: Readonly<Record<string, SqlFunction>> = {
  get_mqtt_property: {
    minimum: 1,
    maximum: 1,
    evaluate: ({ message }, name) =>
      typeof name === 'string' && Object.hasOwn(PROPERTIES, name) ? PROPERTIES[name]!(message) : undefined,
  },
  get_user_properties: {
    minimum: 0,
    maximum: 1,
    evaluate: ({ message }, ...args) => userProperties(message, args),
  },
};
