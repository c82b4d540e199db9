// Where the local cloud says that it runs: one stack in one account and region, the same on every machine.

export const ground = { stackName: 'tidegate', region: 'us-east-1', accountId: '000000000000' } as const;

/** Parameters for which this machine has a better value than the template's default; mails link to the page by it. */
export const valuesHere = (webPort: number): Readonly<Record<string, string>> =>
  // Port 0 is any free one, which nobody knows yet.
  webPort === 0 ? {} : { DashboardOrigin: `http://localhost:${webPort}` };
