// Builds the DynamoDB update for a presence event, which changes nothing if a later event is stored.

import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { ThingFacts } from '../core/device.ts';
import { TIMES_DECIDE_MS, type PresenceEvent } from '../core/presence.ts';

type Update = Required<
  Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >
>;

/**
 * Whether the event is later than the stored one. Within one connection, the end is later than the beginning; between
 * two, the versions decide, unless the times are clearly apart.
 */
const isLater = (online: boolean) =>
  [
    'attribute_not_exists(#presenceVersion)',
    ...(online ? [] : ['(#sessionId = :sessionId AND #online <> :online)']),
    '(#sessionId <> :sessionId AND #presenceVersion < :presenceVersion AND #presenceSince <= :soonAfter)',
    '(#sessionId <> :sessionId AND #presenceVersion >= :presenceVersion AND #presenceSince < :longBefore)',
  ].join(' OR ');

/** With `thing` it creates a missing item; without, it requires an item that has the registry's data already. */
export function presenceUpdate(event: PresenceEvent, thing: ThingFacts | undefined): Update {
  const { online, at, version, sessionId } = event;
  const attributes: Readonly<Record<string, AttributeValue | undefined>> = {
    online: { BOOL: online },
    presenceSince: number(at),
    presenceVersion: number(version),
    sessionId: { S: sessionId },
    disconnectReason: text(event.disconnectReason),
    ipAddress: text(event.ipAddress),
    ...(thing && registryAttributes(thing)),
  };
  const all = Object.entries(attributes);
  const present = all.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  const absent = all.filter(([, value]) => !value).map(([name]) => `#${name}`);
  const set = present.map(([name]) => `#${name} = :${name}`).join(', ');
  return {
    UpdateExpression: `SET ${set}${absent.length > 0 ? ` REMOVE ${absent.join(', ')}` : ''}`,
    ConditionExpression: thing ? isLater(online) : `attribute_exists(#attributes) AND (${isLater(online)})`,
    ExpressionAttributeNames: {
      ...Object.fromEntries(all.map(([name]) => [`#${name}`, name])),
      '#attributes': 'attributes',
    },
    ExpressionAttributeValues: {
      ...Object.fromEntries(present.map(([name, value]) => [`:${name}`, value])),
      ':soonAfter': number(at + TIMES_DECIDE_MS),
      ':longBefore': number(at - TIMES_DECIDE_MS),
    },
  };
}

function registryAttributes({ type, groups, attributes, timeZone }: ThingFacts) {
  const texts = Object.entries(attributes).map(([name, value]) => [name, { S: value }] as const);
  return {
    type: text(type),
    // DynamoDB has no empty sets.
    groups: groups.length > 0 ? { SS: [...new Set(groups)] } : undefined,
    attributes: { M: Object.fromEntries(texts) },
    timeZone: text(timeZone),
  };
}

const number = (value: number) => ({ N: String(value) });
const text = (value: string | undefined) => (value === undefined ? undefined : { S: value });
