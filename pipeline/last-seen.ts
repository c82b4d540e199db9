// Finds when and from which site the messages of an event last came, by device.

import type { ParsedMessage } from '../core/message.ts';
import type { MessageContext } from '../core/reading.ts';

export type LastSeen = Pick<MessageContext, 'deviceId' | 'site' | 'receivedAt'>;

/** The site and time of each device's last message; a gateway is seen with each of its sensors' messages. */
export function lastSeenIn(messages: readonly ParsedMessage[]): LastSeen[] {
  const last = new Map<string, LastSeen>();
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
