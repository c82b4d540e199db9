// Whom alerts go to, over HTTP.

import * as z from 'zod/mini';
import { isAtLeast } from '../core/access.ts';
import { masked } from '../core/mask.ts';
import type { ListRecipients } from '../pipeline/api-ports.ts';
import { route, type Route } from './route.ts';

export function recipientRoutes(listRecipients: ListRecipients): Route[] {
  return [
    route({
      method: 'GET',
      path: '/recipients',
      summary:
        'Who is subscribed to alerts: a subscription gets what its filter lets through, by default the notifications of its channel',
      params: {},
      query: {},
      answer: z.strictObject({
        recipients: z.array(
          z.strictObject({
            channel: z.string().check(z.describe('Protocol of the subscription, such as email or sms')),
            address: z.string().check(z.describe('Masked for viewers, such as a…@example.com')),
            isConfirmed: z.boolean().check(z.describe('Nothing is sent before its owner has confirmed')),
          }),
        ),
      }),
      async run({ caller }) {
        const found = await listRecipients();
        const isShown = isAtLeast(caller.group, 'operator');
        return {
          recipients: found.map((each) => (isShown ? each : { ...each, address: masked(each.address) })),
        };
      },
    }),
  ];
}
