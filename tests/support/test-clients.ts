// Clients of the AWS SDK by which tests themselves look and prepare: no role of a function applies to them.

const clients = new WeakSet<object>();

/** @returns the client itself */
export function ofTest<Client extends object>(client: Client): Client {
  clients.add(client);
  return client;
}

export const isOfTest = (client: object): boolean => clients.has(client);
