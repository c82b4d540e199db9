// Security claims about devices, claim certificates and people, as data for the prover of `npm run policy -- prove`.

import { siteDocument } from './live-policy.ts';
import { CLAIM_PREFIX } from './thing-names.ts';

const WORLD = '#';
const telemetryOf = (thing: string) => [`telemetry/+/${thing}/#`, `$aws/rules/+/telemetry/+/${thing}/#`];
const shadowsOf = (thing: string) => `$aws/things/${thing}/shadow/#`;
const jobsOf = (thing: string) => `$aws/things/${thing}/jobs/#`;
const commandsTo = (thing: string) => `commands/${thing}/#`;

const PUBLISHING = ['iot:Publish', 'iot:RetainPublish'];
const RECEIVING = ['iot:Receive'];
const SHADOWS = [
  'iot:GetThingShadow',
  'iot:UpdateThingShadow',
  'iot:DeleteThingShadow',
  'iot:ListNamedShadowsForThing',
];
const JOBS = [
  'iotjobsdata:DescribeJobExecution',
  'iotjobsdata:GetPendingJobExecutions',
  'iotjobsdata:UpdateJobExecution',
  'iotjobsdata:StartNextPendingJobExecution',
];

const OTHER_THING = '${other.thing}';
const PROVISIONING = [
  '$aws/certificates/create/json',
  '$aws/certificates/create-from-csr/json',
  '$aws/provisioning-templates/Tidegate/provision/json',
];

interface Claim {
  readonly claim: string;
  readonly of: string;
  readonly actions: readonly string[];
  readonly on: readonly string[];
  readonly except?: readonly string[];
}

const DEVICE_CLAIMS: readonly Claim[] = [
  {
    claim: 'No device connects with the client ID of another thing',
    actions: ['iot:Connect'],
    on: [OTHER_THING],
  },
  {
    claim: 'No device publishes telemetry of another thing or of the sensors behind it',
    actions: PUBLISHING,
    on: telemetryOf(OTHER_THING),
  },
  {
    claim: 'No device publishes to the shadows, jobs or commands of another thing',
    actions: PUBLISHING,
    on: [shadowsOf(OTHER_THING), jobsOf(OTHER_THING), commandsTo(OTHER_THING)],
  },
  {
    claim: 'No device receives the shadows, jobs, commands or telemetry of another thing',
    actions: RECEIVING,
    on: [shadowsOf(OTHER_THING), jobsOf(OTHER_THING), commandsTo(OTHER_THING), ...telemetryOf(OTHER_THING)],
  },
  {
    claim: 'No device reads or writes shadows or jobs of another thing over HTTPS',
    actions: [...SHADOWS, ...JOBS],
    on: [OTHER_THING],
  },
  {
    claim: 'No device publishes anything but telemetry and requests to its own shadows',
    actions: PUBLISHING,
    on: [WORLD],
    except: [
      'telemetry/#',
      '$aws/rules/TelemetryRule/telemetry/#',
      shadowsOf('${iot:Connection.Thing.ThingName}'),
    ],
  },
].map((claim) => ({ of: 'device', ...claim }));

const CLAIM_CERTIFICATE_CLAIMS: readonly Claim[] = [
  {
    claim: 'No claim certificate publishes anything but requests to provision',
    actions: PUBLISHING,
    on: [WORLD],
    except: PROVISIONING,
  },
  {
    claim: 'No claim certificate receives anything but answers to provisioning',
    actions: RECEIVING,
    on: [WORLD],
    except: PROVISIONING.map((topic) => `${topic}/#`),
  },
  {
    claim: 'No claim certificate connects with the client ID of a thing',
    actions: ['iot:Connect'],
    on: [OTHER_THING],
  },
  {
    claim: 'No claim certificate touches shadows, jobs or retained messages over HTTPS',
    actions: [...SHADOWS, ...JOBS, 'iot:GetRetainedMessage'],
    on: [WORLD],
  },
].map((claim) => ({ of: 'claim certificate', ...claim }));

const jobs = (rest: string) => `$aws/things/+/jobs/${rest}`;
const FLEET_TOPICS = [
  ...['telemetry/#', '$aws/rules/#', '$aws/events/#'],
  ...['get', 'start-next', '+/get', '+/update'].map(jobs),
];
const requestsTo = (verb: string) => [`$aws/things/+/shadow/${verb}`, `$aws/things/+/shadow/name/+/${verb}`];
const CHANGES = requestsTo('update');
const DELETIONS = requestsTo('delete');

const PEOPLE = ['guest', 'viewer', 'viewer of one site', 'viewer of two sites', 'operator', 'administrator'];
const PEOPLE_CLAIMS: readonly Claim[] = [
  ...PEOPLE.map((of) => ({
    claim: `No ${of} connects with the client ID of another identity`,
    of,
    actions: ['iot:Connect'],
    on: ['dashboard-${other.identity}*'],
  })),
  ...PEOPLE.map((of) => ({
    claim: `No ${of} connects with the client ID of a thing`,
    of,
    actions: ['iot:Connect'],
    on: [OTHER_THING],
  })),
  ...['guest', 'viewer of one site', 'viewer of two sites'].map((of) => ({
    claim: `No ${of} publishes anything`,
    of,
    actions: PUBLISHING,
    on: [WORLD],
  })),
  ...['viewer', 'operator'].map((of) => ({
    claim: `No ${of} publishes telemetry or commands, or changes a shadow`,
    of,
    actions: PUBLISHING,
    on: [...FLEET_TOPICS, commandsTo('+'), ...CHANGES, ...DELETIONS],
  })),
  {
    claim: 'No administrator publishes telemetry, or deletes a shadow',
    of: 'administrator',
    actions: PUBLISHING,
    on: [...FLEET_TOPICS, ...DELETIONS],
  },
  ...['viewer', 'operator', 'administrator'].map((of) => ({
    claim: `No ${of} receives jobs, events or answers to provisioning`,
    of,
    actions: RECEIVING,
    on: [
      ...['notify', 'notify-next', 'get/+', 'start-next/+', '+/get/+', '+/update/+'].map(jobs),
      ...['$aws/events/#', '$aws/certificates/#', '$aws/provisioning-templates/#'],
    ],
  })),
  {
    claim: 'No guest receives anything but telemetry',
    of: 'guest',
    actions: RECEIVING,
    on: [WORLD],
    except: ['telemetry/#'],
  },
  {
    claim: 'No viewer of one site receives another site, shadows or commands',
    of: 'viewer of one site',
    actions: RECEIVING,
    on: [WORLD],
    except: ['telemetry/${site}/#'],
  },
  {
    claim: 'No viewer of two sites receives a third site, shadows or commands',
    of: 'viewer of two sites',
    actions: RECEIVING,
    on: [WORLD],
    except: ['telemetry/${site}/#', 'telemetry/${second}/#'],
  },
];

/** @param iotArn `arn:aws:iot:us-east-1:111122223333` */
export const policyClaims = (iotArn: string): unknown => ({
  principals: {
    device: { certificate: ['DevicePolicy'] },
    'claim certificate': { certificate: ['ClaimPolicy'] },
    guest: { identity: { role: 'DashboardGuestRole' } },
    viewer: { identity: { role: 'DashboardViewerRole', policies: ['DashboardPolicy'] } },
    'viewer of one site': { identity: { role: 'DashboardViewerRole', policies: ['SitePolicy'] } },
    'viewer of two sites': {
      identity: { role: 'DashboardViewerRole', policies: ['SitePolicy', 'SecondSitePolicy'] },
    },
    operator: { identity: { role: 'DashboardOperatorRole', policies: ['DashboardPolicy'] } },
    administrator: { identity: { role: 'DashboardAdminRole', policies: ['DashboardPolicy'] } },
  },
  documents: {
    SitePolicy: siteDocument('${site}', iotArn),
    SecondSitePolicy: siteDocument('${second}', iotArn),
  },
  parameters: { site: 'a-zA-Z0-9_+=,.@-', second: 'a-zA-Z0-9_+=,.@-' },
  // No new thing gets these names: names of claims are refused, and the identity in a page's client ID has a colon.
  noThing: [`${CLAIM_PREFIX}*`, 'dashboard-*:*'],
  claims: [...DEVICE_CLAIMS, ...CLAIM_CERTIFICATE_CLAIMS, ...PEOPLE_CLAIMS],
});
