// Warns if a rule judges a metric that no device sends: the rule is valid but watches nothing.

import { byNearness, nearest } from './nearest.ts';
import { judgedMetricOf, type RuleData } from './rule-data.ts';
import { isSpellingOf } from './spelling.ts';

/** The metrics that a device sent. */
export interface DeviceMetrics {
  readonly deviceId: string;
  readonly metrics: ReadonlySet<string>;
}

/** What was read of the devices that a rule matches. */
export interface SentMetrics {
  readonly devices: readonly DeviceMetrics[];
  /** False: more devices may match than were read. */
  readonly isComplete: boolean;
}

type Judging = Pick<RuleData, 'metric' | 'anySpelling' | 'stat' | 'predicted' | 'unusual'>;

const MAX_NAMES = 20;

/** Whether the rule judges one of these metrics; a rule without a metric counts readings and judges any. */
export function judgesAny(rule: Judging, names: Iterable<string>): boolean {
  const [metric, { anySpelling }] = [judgedMetricOf(rule), rule];
  if (metric === undefined) return true;
  return [...names].some((name) => (anySpelling ? isSpellingOf(metric, name) : name === metric));
}

/** `where` completes "in": `its last window`. */
export function metricWarnings(rule: Judging, sent: SentMetrics, where: string): string[] {
  const metric = judgedMetricOf(rule);
  const { devices, isComplete } = sent;
  if (metric === undefined) return [];
  const those = `the ${devices.length} devices that ${isComplete ? 'match' : 'were checked'}`;
  if (devices.length === 0) {
    const more = isComplete ? '' : ' among the devices that were checked';
    return [`No device matches this rule${more}, so it judges nothing yet`];
  }
  const names = [...new Set(devices.flatMap(({ metrics }) => [...metrics]))];
  const lacking = devices.filter(({ metrics }) => !judgesAny(rule, metrics));
  if (lacking.length < devices.length) return spellingWarnings(rule, lacking, those);
  const who = devices.length === 1 ? 'The device that matches' : `None of ${those}`;
  const first = `${who} ${devices.length === 1 ? 'did not send' : 'sent'} \`${metric}\` in ${where}`;
  if (names.length === 0) return [`${first}, and no other metric either`];
  return [`${first}; the metrics there are: ${listed(metric, names)}`, ...hints(rule, names)];
}

/** Some devices send the metric; others send it in another spelling and are not judged. */
function spellingWarnings(rule: Judging, lacking: readonly DeviceMetrics[], those: string): string[] {
  const metric = judgedMetricOf(rule) ?? '';
  const spelled = lacking.flatMap(({ deviceId, metrics }) =>
    [...metrics].filter((name) => isSpellingOf(metric, name)).map((name) => ({ deviceId, name })),
  );
  const [first] = spelled;
  if (!first) return [];
  const count = new Set(spelled.map(({ deviceId }) => deviceId)).size;
  const subject = `${count} of ${those}, such as \`${first.deviceId}\`, ${count === 1 ? 'sends' : 'send'}`;
  return [`${subject} \`${first.name}\` and not \`${metric}\`: ${remedyFor(rule, first.name)}`];
}

function hints(rule: Judging, names: readonly string[]): string[] {
  const metric = judgedMetricOf(rule) ?? '';
  const spelled = byNearness(metric, names).find((name) => isSpellingOf(metric, name));
  if (spelled !== undefined)
    return [`\`${metric}\` is exact, capitals included: ${remedyFor(rule, spelled)}`];
  const near = nearest(metric, names);
  return near === undefined ? [] : [`Did you mean \`${near}\`?`];
}

function remedyFor({ stat, predicted, unusual }: Judging, name: string): string {
  const canSpell = !predicted && !unusual && (stat === undefined || stat === 'min' || stat === 'max');
  return `write \`${name}\`${canSpell ? ', or set `anySpelling` to true' : ''}, or rename it in a mapping`;
}

function listed(metric: string, names: readonly string[]): string {
  const sorted = byNearness(metric, names);
  const more = sorted.length - MAX_NAMES;
  const shown = sorted.slice(0, MAX_NAMES).map((name) => `\`${name}\``);
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
