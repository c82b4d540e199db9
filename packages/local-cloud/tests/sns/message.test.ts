// The limits of a publish: each limit of SNS at its edge, and the refusal beyond it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { checkMessage, type PublishInput } from '../../sns/message.ts';
import { openTopics, topicArn } from './fixture.ts';

type Body = Omit<PublishInput, 'topicArn' | 'phoneNumber'>;
const attribute = (type: string, value: string, name = 'a') => ({
  message: 'x',
  attributes: { [name]: { type, value } },
});
const json = (message: string) => ({ message, messageStructure: 'json' });

const accepted: Readonly<Record<string, Body>> = {
  'a message of 256 KiB': { message: 'x'.repeat(262_144) },
  'a subject of 99 characters': { message: 'x', subject: 'x'.repeat(99) },
  'an entry of __proto__ beside the default': json('{"default":"x","__proto__":"y","constructor":{}}'),
  'an empty default': json('{"default":""}'),
  'a string attribute': attribute('String', '\u2603'),
  'a labelled type': attribute('String.mine', 'x'),
  'an array of scalars': attribute('String.Array', '["a",1,true,null]'),
  'a number': attribute('Number', '-12.5e3'),
  'a labelled number': attribute('Number.temperature', '8'),
  binary: attribute('Binary', 'AAECAw=='),
  'an attribute called __proto__': attribute('String', 'x', '__proto__'),
  'an attribute of SMS': attribute('String', 'Transactional', 'AWS.SNS.SMS.SMSType'),
};
for (const [what, input] of Object.entries(accepted)) {
  test(`${what} is accepted`, () => {
    assert.doesNotThrow(() => checkMessage(input));
  });
}

const refused: Readonly<Record<string, readonly [Body, RegExp, code?: string]>> = {
  'an empty message': [{ message: '' }, /Empty message/],
  'a message of 256 KiB and a byte': [{ message: 'x'.repeat(262_145) }, /Message too long: 262145 bytes/],
  'a message whose UTF-8 is longer than its text': [{ message: 'é'.repeat(131_073) }, /Message too long/],
  'a message too long by its attributes': [
    { ...attribute('String', 'x'), message: 'x'.repeat(262_137) },
    /Message too long: 262145/,
  ],
  'an empty subject': [{ message: 'x', subject: '' }, /Subject/],
  'a subject of 100 characters': [{ message: 'x', subject: 'x'.repeat(100) }, /less than 100/],
  'a subject with a line break': [{ message: 'x', subject: 'a\r\nBcc: b@example.com' }, /line breaks/],
  'a subject with a tab': [{ message: 'x', subject: 'a\tb' }, /control characters/],
  'a subject with a line separator': [{ message: 'x', subject: 'a\u2028b' }, /line breaks/],
  'a subject with half a character': [{ message: 'x', subject: '\uD800' }, /half characters/],
  'another structure than json': [{ message: 'x', messageStructure: 'xml' }, /MessageStructure/],
  'text for JSON': [json('not json'), /failed to parse/],
  'an array for JSON': [json('["default"]'), /failed to parse/],
  'null for JSON': [json('null'), /failed to parse/],
  'a string for JSON': [json('"default"'), /failed to parse/],
  'JSON of 100,000 levels': [json(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), /failed to parse/],
  'JSON without a default': [json('{"email":"x"}'), /No default entry/],
  'JSON whose default is a number': [json('{"default":1}'), /No default entry/],
  'JSON with the default in its prototype': [json('{"__proto__":{"default":"x"}}'), /No default entry/],
  'an attribute without a name': [attribute('String', 'x', ''), /name ""/, 'ParameterValueInvalid'],
  'an attribute name with a space': [attribute('String', 'x', 'a b'), /name "a b"/, 'ParameterValueInvalid'],
  'an attribute name that ends in a dot': [attribute('String', 'x', 'a.'), /name/, 'ParameterValueInvalid'],
  'an attribute name with two dots': [attribute('String', 'x', 'a..b'), /name/, 'ParameterValueInvalid'],
  'an attribute name of AWS': [attribute('String', 'x', 'AWS.x'), /name/, 'ParameterValueInvalid'],
  'an attribute name of 257 characters': [
    attribute('String', 'x', 'a'.repeat(257)),
    /name/,
    'ParameterValueInvalid',
  ],
  'an unknown type': [attribute('Object', 'x'), /type "Object"/, 'ParameterValueInvalid'],
  'a type of the prototype': [attribute('constructor', 'x'), /type "constructor"/, 'ParameterValueInvalid'],
  'an empty value': [attribute('String', ''), /no value/, 'ParameterValueInvalid'],
  'a number that is none': [attribute('Number', '0x10'), /is not of type Number/, 'ParameterValueInvalid'],
  'an array that is none': [
    attribute('String.Array', '{}'),
    /is not of type String.Array/,
    'ParameterValueInvalid',
  ],
  'an array of arrays': [
    attribute('String.Array', '[[]]'),
    /is not of type String.Array/,
    'ParameterValueInvalid',
  ],
  'binary that is not Base64': [attribute('Binary', '???'), /is not of type Binary/, 'ParameterValueInvalid'],
};
for (const [what, [input, message, code = 'InvalidParameter']] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    assert.throws(() => checkMessage(input), { code, message, status: 400 });
  });
}

const targets: Readonly<Record<string, readonly [object, object]>> = {
  'no target': [{}, { code: 'InvalidParameter' }],
  'a topic and a phone': [{ topicArn, phoneNumber: '+12065550100' }, { code: 'InvalidParameter' }],
  'a topic that is not in the template': [{ topicArn: `${topicArn}x` }, { code: 'NotFound', status: 404 }],
  'a topic name': [
    { topicArn: 'AlertsTopic' },
    { code: 'InvalidParameter', message: 'Invalid parameter: TopicArn' },
  ],
  'a phone number without a plus': [{ phoneNumber: '12065550100' }, { code: 'InvalidParameter' }],
  'a path for a phone number': [{ phoneNumber: '+1/../../etc/passwd' }, { code: 'InvalidParameter' }],
};
for (const [what, [target, error]] of Object.entries(targets)) {
  test(`a publish to ${what} is refused, and nothing is written`, async () => {
    const { topics, files } = await openTopics();
    await assert.rejects(topics.publish({ message: 'x', ...target }), error);
    assert.deepEqual([...files('mail'), ...files('sms')], []);
  });
}

test('a text of more than 1,600 characters to a phone is refused', async () => {
  const { topics, files } = await openTopics();
  const text = (length: number) =>
    topics.publish({ phoneNumber: '+12065550100', message: 'x'.repeat(length) });
  await assert.rejects(text(1_601), { code: 'InvalidParameter', message: /at most 1600 characters/ });
  await text(1_600);
  assert.equal(files('sms').length, 1);
});
