// `npm start`, `npm run invoke`, `npm run policy`, `npm run rule`, `npm run dns` and `npm run iam`: the local cloud, with what is Tidegate's own.

import { policyClaims } from './core/policy-claims.ts';
import { isTimeZone } from './core/quiet-hours.ts';
import { runLocalCloud } from '@tidegate/local-cloud';
import { localConfig } from './dashboard/model/config.ts';

await runLocalCloud(process.argv.slice(2), {
  root: import.meta.dirname,
  stackName: 'tidegate',
  title: 'Tidegate',
  dataDir: '.tidegate',
  npmScripts: true,
  demo: 'device-sim/demo.ts',
  drill: 'bench/drill/main.ts',
  page: {
    // The bundler is loaded only when the page is opened.
    files: async () => (await import('./dashboard/build.ts')).buildPage(),
    config: localConfig,
  },
  originParameter: 'DashboardOrigin',
  // On AWS, the account knows the name of an existing zone.
  zones: ({ HostedZoneId = '', ParentZoneId = '', ZoneName = '' }) => ({
    [HostedZoneId]: ZoneName,
    [ParentZoneId]: ZoneName.slice(ZoneName.indexOf('.') + 1),
  }),
  totals: {
    in: 'mqtt.received',
    windows: 'WindowsWritten',
    archived: 'objects',
    alerts: 'AlertsSent',
    rejected: 'ReadingsRejected',
    refused: 'mqtt.refused',
  },
  hints: (flags) => [
    `npm run watch${flags && ` --${flags}`}    a line for each window as it closes`,
    `npm run alerts${flags && ` --${flags}`}   active alerts`,
    `npm run device -- create my-sensor --local${flags}   a sensor of your own`,
  ],
  claims: policyClaims,
  lasting: [{ parameter: 'WindowSeconds', because: 'windows of two lengths cannot be told apart' }],
  faults: ({ TimeZone = 'UTC' }) =>
    isTimeZone(TimeZone)
      ? []
      : [
          `parameter TimeZone is ${TimeZone}, which is not the name of a time zone such as America/Los_Angeles: ` +
            'correct it in [local.deploy.parameters] of samconfig.toml or in --parameter-overrides',
        ],
  warnings: [
    {
      without: 'AWS::SNS::Subscription',
      message:
        'alerts go to nobody: no topic has a subscription; set AlertEmail under [local.deploy.parameters] of samconfig.toml',
    },
  ],
});
