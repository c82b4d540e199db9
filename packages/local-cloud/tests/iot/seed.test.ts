// Thing groups that the template declares and people changed through the API, after a start.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { DescribeThingGroupCommand, UpdateThingGroupCommand } from '@aws-sdk/client-iot';
import type { SeedResource } from '../../iot/seed.ts';
import { openTestIot, serve } from './iot-fixture.ts';

const group = (attributes: Readonly<Record<string, string>>): SeedResource => ({
  ...{ logicalId: 'Site', name: 'seattle', at: () => 'template.yaml:1' },
  properties: {
    ThingGroupName: 'seattle',
    ThingGroupProperties: { AttributePayload: { Attributes: attributes } },
  },
});
const templateOf = (resource: SeedResource) => ({
  ofType: (type: string) => (type === 'AWS::IoT::ThingGroup' ? [resource] : []),
});

test('attributes that the API has added to a group stay, and those of the template hold', async () => {
  const { iot } = await openTestIot();
  const { client } = await serve(iot);
  await iot.seed(templateOf(group({ country: 'us' })));
  const attributes = { timezone: 'America/Los_Angeles', country: 'de' };
  const thingGroupProperties = { attributePayload: { attributes, merge: true } };
  await client.send(new UpdateThingGroupCommand({ thingGroupName: 'seattle', thingGroupProperties }));
  await iot.seed(templateOf(group({ country: 'ca' })));
  const found = await client.send(new DescribeThingGroupCommand({ thingGroupName: 'seattle' }));
  assert.deepEqual(found.thingGroupProperties?.attributePayload?.attributes, {
    country: 'ca',
    timezone: 'America/Los_Angeles',
  });
});
