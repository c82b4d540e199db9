// The claims for devices of any stack: the topics and client IDs that AWS IoT reserves for a thing are that thing's alone.

import { readClaims, type Claims } from './claims.ts';

const OTHER = '${other.thing}';
const of = (topics: readonly string[]) => topics.map((topic) => `$aws/things/${OTHER}/${topic}`);
const ofShadows = (topics: readonly string[]) =>
  of(['shadow', 'shadow/name/+'].flatMap((shadow) => topics.map((topic) => `${shadow}/${topic}`)));
const answers = (request: string) => [`${request}/accepted`, `${request}/rejected`];

/** https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html */
const SHADOW_REQUESTS = ofShadows(['get', 'update', 'delete']);
const SHADOW_NEWS = ofShadows([
  ...['update/delta', 'update/documents'],
  ...['get', 'update', 'delete'].flatMap(answers),
]);
const requests = ['get', 'start-next', '+/get', '+/update'].map((request) => `jobs/${request}`);
const JOB_REQUESTS = of(requests);
const JOB_NEWS = of(['jobs/notify', 'jobs/notify-next', ...requests.flatMap(answers)]);

/** Topics of another thing that no device may publish to, by what a publish would do. */
const REQUESTS = [
  ['sends requests to shadows', SHADOW_REQUESTS],
  ['sends requests to jobs', JOB_REQUESTS],
] as const;
/** Topics of another thing that no device may receive from, by what they report. */
const NEWS = [
  ['shadows', SHADOW_NEWS],
  ['jobs', JOB_NEWS],
] as const;

const HTTPS_ACTIONS = [
  ...['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'],
  ...['iot:ListNamedShadowsForThing', 'iotjobsdata:DescribeJobExecution'],
  ...['iotjobsdata:GetPendingJobExecutions', 'iotjobsdata:UpdateJobExecution'],
  'iotjobsdata:StartNextPendingJobExecution',
];

const CLAIMS = [
  {
    claim: 'No holder connects with the client ID of another thing',
    actions: ['iot:Connect'],
    on: [OTHER],
  },
  ...REQUESTS.map(([what, on]) => ({
    claim: `No holder ${what} of another thing`,
    actions: ['iot:Publish', 'iot:RetainPublish'],
    on,
  })),
  ...NEWS.map(([what, on]) => ({
    claim: `No holder hears the ${what} of another thing`,
    actions: ['iot:Receive'],
    on,
  })),
  {
    claim: 'No holder hears when another thing connects or subscribes',
    actions: ['iot:Receive'],
    on: [`$aws/events/presence/+/${OTHER}`, `$aws/events/subscriptions/+/${OTHER}`],
  },
  {
    claim: 'No holder reads or writes shadows or jobs of another thing over HTTPS',
    actions: HTTPS_ACTIONS,
    on: [OTHER],
  },
];

/** The claims for certificates with these policies, used when you give none. */
export const generalClaims = (policies: readonly string[]): Claims =>
  readClaims(
    {
      principals: { holder: { certificate: policies } },
      claims: CLAIMS.map((claim) => ({ of: 'holder', ...claim })),
    },
    'general claims',
  );
