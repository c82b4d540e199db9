// Where the local cloud says that it runs: one stack in one account and region, the same on every machine.

export const ground = { stackName: 'tidegate', region: 'us-east-1', accountId: '000000000000' } as const;
