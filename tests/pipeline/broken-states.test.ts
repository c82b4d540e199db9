// A damaged stored state is reported, and does not affect other rules and devices.

import { afterEach, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { servicesOn } from '../http-api/alert-services.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { createAlertWorld, MINUTE } from './alert-world.ts';

let tables: Tables;
beforeEach(async () => {
  tables = await openTables();
});
afterEach(() => tables.close());

const metric = 'temperature';
const rules = [
  { metric, stat: 'max', above: 8 },
  { metric, stat: 'max', above: 8, severity: 'warning' },
] as const;

const broken: [title: string, attributes: Record<string, AttributeValue>, problem: RegExp][] = [
  ['torn JSON', { pending: { S: '[{"notifi' } }, /is not valid JSON/],
  ['JSON of another kind', { pending: { S: 'null' } }, /pending is not a list/],
  [
    'a notification without its required members',
    { alarm: { S: '{"told":{}}' } },
    /alarm has no notification/,
  ],
  ['history that is not a list of entries', { unrecorded: { S: '[1]' } }, /unrecorded is not a list/],
  ['no version', { version: { S: 'x' } }, /version or windowStart/],
  ['an unknown state', { state: { S: 'great' } }, /state is unknown/],
  ['an unknown severity', { severity: { S: 'bad' } }, /severity is unknown/],
];
for (const [index, [title, attributes, problem]] of broken.entries()) {
  test(`${title} in the state of one rule and device does not stop the others from evaluating, sending and clearing`, async () => {
    const [device, neighbour] = [`torn-${index}`, `whole-${index}`];
    const world = createAlertWorld({
      rules: rules.map((rule) => ({ ...rule, match: { device: `*-${index}` } })),
      services: servicesOn(tables),
    });
    const Item = {
      ...{ deviceId: { S: device }, ruleId: { S: 'rule-0' }, state: { S: 'alarm' }, version: { N: '3' } },
      ...{ windowStart: { N: '0' }, value: { N: '0' }, ...attributes },
    };
    await tables.client.send(new PutItemCommand({ TableName: 'alerts', Item }));
    const environment = world.environment();
    const said: string[] = [];
    const onUnreadable = ({ message }: Error) => void said.push(message);
    for (const id of [device, neighbour])
      await environment.judge([await world.measure(0, 9, id), await world.measure(1, 9, id)], id, {
        onUnreadable,
      });
    const announced = () =>
      world.sent.map(
        ({ notification: { deviceId, ruleId, transition } }) => `${deviceId} ${ruleId} ${transition}`,
      );
    const raised = [`${device} rule-1 raised`, `${neighbour} rule-0 raised`, `${neighbour} rule-1 raised`];
    assert.deepEqual(announced(), raised);
    assert.equal(said.length, 1);
    assert.match(said[0]!, problem);
    assert.match(
      said[0]!,
      new RegExp(`rule rule-0 and device ${device} .*; delete the item in the alerts table`),
    );
    await world.measure(2, 4, device);
    await world.measure(2, 4, neighbour);
    world.clock.time += 3 * MINUTE;
    await assert.rejects(environment.sweep('sweep'), { name: 'UnreadableStateError', message: problem });
    assert.deepEqual(
      announced().toSorted(),
      [...raised, ...raised.map((line) => line.replace('raised', 'cleared'))].toSorted(),
    );
  });
}

test('a snooze that cannot be read does not stop notifications', async () => {
  const world = createAlertWorld({ rules: [rules[0]], services: servicesOn(tables) });
  const Item = { deviceId: { S: 'snoozed' }, ruleId: { S: '#snooze' }, snooze: { S: '{"until":' } };
  await tables.client.send(new PutItemCommand({ TableName: 'alerts', Item }));
  await world.environment().judge([await world.measure(0, 9, 'snoozed')], 'event');
  assert.deepEqual(world.log(), ['raised 9']);
});
