// IPv4 addresses as people write them, also of clients on a socket for both families.

/** `192.0.2.1` for Node's `::ffff:192.0.2.1`; any other address as it is. */
export const plainAddress = (address: string): string =>
  address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
