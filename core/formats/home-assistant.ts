// Home Assistant: the state of an entity, alone or in the event that reports its change.

import { childBeside } from './child.ts';
import { isObject, type Draft, type Format, type Json, type Path } from './draft.ts';

/**
 * Recognised by `entity_id` such as `sensor.attic` with `state` and an `attributes` object, or by `event_type`
 * state_changed. The entity is the child, and its class, such as `temperature`, is the metric. A discovery configuration
 * (`unique_id` and a topic) has no measurement.
 * @see https://developers.home-assistant.io/docs/api/rest
 * @see https://www.home-assistant.io/integrations/mqtt/#discovery-messages
 */
export const homeAssistant: Format = {
  name: 'home-assistant',
  read: (payload, { levels }) => {
    if (!isObject(payload)) return undefined;
    if (isEntity(payload)) return [entityDraft(payload, [], levels)];
    if (isDiscovery(payload)) return [];
    if (payload['event_type'] !== 'state_changed') return undefined;
    for (const name of ['event_data', 'data']) {
      const data = payload[name];
      const state = isObject(data) ? data['new_state'] : undefined;
      if (isObject(state) && isEntity(state)) return [entityDraft(state, [name, 'new_state'], levels)];
    }
    return undefined;
  },
};

const isEntity = ({ entity_id: entity, state, attributes }: Json) =>
  typeof entity === 'string' && /^[a-z_]+\.\w+$/.test(entity) && state !== undefined && isObject(attributes);

const isDiscovery = (payload: Json) =>
  ['unique_id', 'uniq_id'].some((name) => typeof payload[name] === 'string') &&
  ['state_topic', 'stat_t', 'command_topic', 'cmd_t'].some((name) => typeof payload[name] === 'string');

function entityDraft(entity: Json, at: Path, levels: readonly string[]): Draft {
  const { device_class: kind, unit_of_measurement: unit } = entity['attributes'] as Json;
  const name = typeof kind === 'string' && kind !== '' ? kind : 'state';
  const times = ['last_updated', 'last_changed']
    .filter((member) => Object.hasOwn(entity, member))
    .map((member) => ({ path: [...at, member], value: entity[member] }));
  const value = { path: [...at, 'state'], name: [name], value: entity['state'] };
  return {
    at,
    child: childBeside(levels, entity['entity_id'] as string),
    times,
    values: [typeof unit === 'string' ? { ...value, unit } : value],
  };
}
