// Where devices are heard from, by the messages of an event.

import type { ParsedMessage } from '../core/message.ts';
import type { MessageContext } from '../core/reading.ts';

export type Sighting = Pick<MessageContext, 'deviceId' | 'site' | 'receivedAt'>;

/** Where each device was when it was last heard from; a gateway is heard from with each of its sensors. */
export function lastSightings(messages: readonly ParsedMessage[]): Sighting[] {
  const last = new Map<string, Sighting>();
  for (const { context, accepted } of messages) {
    if (!context) continue;
    const { site, receivedAt } = context;
    for (const deviceId of new Set([context.deviceId, ...accepted.map((reading) => reading.deviceId)])) {
      if (receivedAt >= (last.get(deviceId)?.receivedAt ?? 0))
        last.set(deviceId, { deviceId, site, receivedAt });
    }
  }
  return [...last.values()];
}
