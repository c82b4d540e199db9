// Describes what the local cloud refused. AWS IoT does not report that, not even to the client.

/** An entry of `/refusals.json`. */
export interface Refused {
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** `head`: what was refused. `reason`: why, with the statement that decided. `who`: the client and its address. */
export function refusalText({ message, fields }: Refused) {
  const { action, resource, filter, topic, reason = '', client, ip, user, principal } = fields;
  const what = [action, resource ?? filter ?? topic].filter(Boolean).join(' ');
  const who = [
    client && `client ${client}`,
    user && `user ${user}`,
    ip && `from ${ip}`,
    principal && `principal ${principal.length > 16 ? `${principal.slice(0, 12)}\u2026` : principal}`,
  ].filter(Boolean);
  const head =
    message === 'refused'
      ? `Refused: ${what}`
      : [`${message[0]!.toUpperCase()}${message.slice(1)}`, what].filter(Boolean).join(': ');
  return { head, reason, who: who.join(', ') };
}
