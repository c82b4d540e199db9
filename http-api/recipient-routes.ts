// The route for the recipients of alerts.

import * as z from 'zod/mini';
import { isAtLeast } from '../core/access.ts';
import { masked } from '../core/mask.ts';
import type { ListRecipients } from '../pipeline/recipient-ports.ts';
import { route, type ApiCaller, type Route } from './route.ts';

/** The full address for callers who may act on alerts, masked for others. */
export const shownAddress = (address: string, { group }: Pick<ApiCaller, 'group'>): string =>
  isAtLeast(group, 'operator') ? address : masked(address);

export function recipientRoutes(listRecipients: ListRecipients): Route[] {
  return [
    route({
      method: 'GET',
      path: '/recipients',
      summary:
        'The subscriptions to alerts. Each receives the notifications that its filter passes, by default those of its channel',
      params: {},
      query: {},
      answer: z.strictObject({
        recipients: z.array(
          z.strictObject({
            channel: z.string().check(z.describe('Protocol of the subscription, such as email or sms')),
            address: z.string().check(z.describe('Masked for viewers, such as a…@example.com')),
            isConfirmed: z.boolean().check(z.describe('Nothing is sent until its owner has confirmed')),
          }),
        ),
      }),
      async run({ caller }) {
        const found = await listRecipients();
        return {
          recipients: found.map((each) => ({ ...each, address: shownAddress(each.address, caller) })),
        };
      },
    }),
  ];
}
