// The account and region that every local stack runs in: the same on every machine.

export const account = { region: 'us-east-1', accountId: '000000000000' } as const;
