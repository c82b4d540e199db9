// Republish: a rule's result as a new MQTT message, with the headers of MQTT 5.

import { AwsError } from '../aws-error.ts';
import { defaultLimits } from '../mqtt/limits.ts';
import { propertiesOf } from '../mqtt/message-properties.ts';
import type { MessageProperties } from '../mqtt/message.ts';
import { Refusal } from '../mqtt/refusal.ts';
import type { Fields } from './action-fields.ts';
import { fieldAt, isTemplate } from './rule-spec.ts';
import { bytesOf, type CompileAction } from './action.ts';
import type { Scope } from './scope.ts';
import type { Substitute } from './statement.ts';

type Given = Parameters<typeof propertiesOf>[0];

const invalid = (message: string) => new AwsError('InvalidRequestException', message, 400);
const FORMATS: Readonly<Record<string, boolean>> = { UNSPECIFIED_BYTES: false, UTF8_DATA: true };

function readFormat(text: string): Given {
  if (Object.hasOwn(FORMATS, text)) return { payloadFormatIndicator: FORMATS[text] };
  throw invalid(`PayloadFormatIndicator must be ${Object.keys(FORMATS).join(' or ')}`);
}

function readExpiry(text: string): Given {
  if (/^\d{1,10}$/.test(text)) return { messageExpiryInterval: Number(text) };
  throw invalid('MessageExpiry must be a number of seconds');
}

function readCorrelation(text: string): Given {
  const correlationData = Buffer.from(text, 'base64');
  const isBase64 = correlationData.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (isBase64) return { correlationData };
  throw invalid('CorrelationData must be Base64');
}

/** Of AWS::IoT::TopicRule RepublishActionHeaders, by name; a header whose text is empty is left out. */
const HEADERS: Readonly<Record<string, (text: string) => Given>> = {
  PayloadFormatIndicator: readFormat,
  ContentType: (contentType) => ({ contentType }),
  ResponseTopic: (responseTopic) => ({ responseTopic }),
  CorrelationData: readCorrelation,
  MessageExpiry: readExpiry,
};

function compileHeader(fields: Fields, name: string, text: unknown): (scope: Scope) => Given {
  const read = Object.hasOwn(HEADERS, name) ? HEADERS[name]! : undefined;
  const property = `Headers.${name}`;
  if (!read)
    throw fields.refuse(`Republish.${property} is not supported by the local cloud; take it out`, property);
  const value = typeof text === 'number' ? String(text) : text;
  const substitute = fields.compile(value, property);
  const evaluate = (found: string) => (found === '' ? {} : read(found));
  if (isTemplate(value)) return (scope) => evaluate(substitute(scope));
  try {
    const constant = evaluate(String(value));
    return () => constant;
  } catch (error) {
    throw fields.refuse(`Republish.${property}: ${(error as Error).message}`, property);
  }
}

type Pair = readonly [Substitute, Substitute];

function compileUserProperties(fields: Fields, list: unknown): Pair[] {
  const property = 'Headers.UserProperties';
  if (!Array.isArray(list))
    throw fields.refuse(`Republish.${property} must be a list of Key and Value`, property);
  return list.map((item: unknown) => [
    fields.compile(fieldAt(item, 'Key'), `${property}.Key`),
    fields.compile(fieldAt(item, 'Value'), `${property}.Value`),
  ]);
}

function compileHeaders(fields: Fields): (scope: Scope) => MessageProperties | undefined {
  const given = fields.spec.properties['Headers'];
  if (given === undefined) return () => undefined;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw fields.refuse('Republish.Headers must be a map', 'Headers');
  }
  const { UserProperties: list, ...others } = given as Record<string, unknown>;
  const readers = Object.entries(others).map(([name, text]) => compileHeader(fields, name, text));
  const pairs = list === undefined ? [] : compileUserProperties(fields, list);
  return (scope) => {
    const found: Given = Object.assign({}, ...readers.map((read) => read(scope)));
    const userProperties = pairs.map(([key, value]): [string, string] => [key(scope), value(scope)]);
    try {
      return propertiesOf(found, userProperties, defaultLimits);
    } catch (error) {
      throw error instanceof Refusal ? invalid(`invalid message: ${error.message}`) : error;
    }
  };
}

export const republish: CompileAction = (fields, targets) => {
  const publish = fields.need(targets.publish);
  const topicOf = fields.template('Topic');
  const qos = fields.choice('Qos', ['0', '1']) === '1' ? 1 : 0;
  const propertiesFor = compileHeaders(fields);
  return {
    name: 'RepublishAction',
    resource: fields.raw('Topic'),
    prepare({ output, scope }) {
      // "$$aws/..." means the reserved topic "$aws/...".
      const topic = topicOf(scope).replace(/^\$\$/, '$');
      const message = { topic, payload: bytesOf(output), qos, properties: propertiesFor(scope) } as const;
      return () => publish(message);
    },
  };
};
