// Zigbee2MQTT: one flat object per device, with the bridge's information about the device beside it.

import { isObject, type Format, type Json } from './draft.ts';
import { generalDraft } from './general.ts';

/**
 * Recognised by `linkquality`, or by `device` with an `ieeeAddr`. The time is `last_seen`, in any form that the bridge may
 * be set to. The topic names the device; if it does not, its friendly name in `device` does.
 * @see https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html
 */
export const zigbee2mqtt: Format = {
  name: 'zigbee2mqtt',
  read: (payload, { levels }) => {
    if (!isObject(payload)) return undefined;
    const device = payload['device'];
    const address = isObject(device) ? device['ieeeAddr'] : undefined;
    if (typeof address !== 'string' && typeof payload['linkquality'] !== 'number') return undefined;
    const rest: Json = Object.fromEntries(Object.entries(payload).filter(isMeasured));
    const draft = generalDraft(rest);
    if (draft.values.length === 0) return [];
    return [{ ...draft, ...(levels.length === 0 && isObject(device) && { child: nameOf(device) }) }];
  },
};

const nameOf = ({ friendlyName, ieeeAddr }: Json) =>
  [friendlyName, ieeeAddr].find((name) => typeof name === 'string' && name !== '') as string | undefined;

/** Leaves out firmware updates, the description of the device, and the milliseconds since its last message. */
const isMeasured = ([name, value]: readonly [string, unknown]) =>
  name !== 'elapsed' && !(isObject(value) && (name === 'update' || name === 'device'));
