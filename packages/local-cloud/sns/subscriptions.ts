// The subscriptions to topics: those of the template and those of run time, which a file keeps over a restart.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Log } from '../log.ts';
import { makeDirectory, writeFileSafely } from '../files/durable-files.ts';
import { StartError } from '../start-error.ts';
import { checkEndpoint } from './endpoints.ts';
import { readFilter } from './filter-policy.ts';
import { invalid, type Protocol } from './message.ts';
import { isSame, noSettings, type Settings } from './subscription-attributes.ts';

export interface Subscription extends Settings {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: Protocol;
  readonly endpoint: string;
}

/** What a new subscription is made from. */
export interface Wanted extends Pick<Subscription, 'topicArn' | 'protocol' | 'endpoint'> {
  /** Absent: those that it has already, or none. */
  readonly settings?: Settings;
}

export interface Subscriptions {
  /** In the order of their ARNs. */
  all(): Subscription[];
  ofTopic(topicArn: string): Subscription[];
  find(arn: string): Subscription | undefined;
  /**
   * Resolves once it is on disk; subscribing again changes nothing.
   *
   * @throws AwsError SubscriptionLimitExceeded; InvalidParameter when it exists with other settings
   */
  add(wanted: Wanted): Promise<Subscription>;
  /**
   * Resolves once it is on disk. For one of the template the change is kept until somebody unsubscribes it.
   *
   * @throws AwsError NotFound, and what `change` throws
   */
  set(arn: string, change: (settings: Settings) => Settings): Promise<void>;
  /** Also one of the template: it stays away until somebody subscribes it again. Unknown ARNs change nothing. */
  remove(arn: string): Promise<void>;
}

/** What the file holds: how run time differs from the template. */
interface Changes {
  readonly added: readonly Subscription[];
  readonly removed: readonly string[];
  /** Those of the template that have other settings now. */
  readonly changed: readonly Subscription[];
}

/** Far fewer than SNS allows, but as many as the mail folder of one machine can take. */
const MAX_SUBSCRIPTIONS = 1_000;

/** The same subscription has the same ARN at every start, in the form that SNS gives it. */
export function identified(wanted: Wanted): Subscription {
  const { topicArn, protocol, endpoint, settings = noSettings } = wanted;
  const hex = createHash('sha256').update([topicArn, protocol, endpoint].join('\n')).digest('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return { arn: `${topicArn}:${id.join('-')}`, topicArn, protocol, endpoint, ...settings };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrAbsent = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === 'string';

function written({ topicArn, protocol, endpoint, filter, redrive }: Subscription) {
  const { policy: filterPolicy, scope: filterPolicyScope } = filter;
  return { topicArn, protocol, endpoint, filterPolicy, filterPolicyScope, redrive };
}

function parseSubscription(value: unknown): Subscription | undefined {
  const fields = (value ?? {}) as Record<string, unknown>;
  const { topicArn, protocol, endpoint, filterPolicy, filterPolicyScope, redrive } = fields;
  if (!isText(topicArn) || !isText(protocol) || !isText(endpoint)) return undefined;
  if (![filterPolicy, filterPolicyScope, redrive].every(isTextOrAbsent)) return undefined;
  const checked = checkEndpoint(protocol, endpoint);
  const filter = readFilter(filterPolicy as string | undefined, filterPolicyScope as string | undefined);
  if ('problem' in checked || 'problem' in filter) return undefined;
  const settings = { filter, ...(redrive !== undefined && { redrive: redrive as string }) };
  return identified({ topicArn, protocol: checked.protocol, endpoint, settings });
}

function parseChanges(text: string): Changes | undefined {
  try {
    // A file without `changed` was written before subscriptions had filters.
    const { added, removed, changed = [] } = JSON.parse(text) as Record<keyof Changes, unknown>;
    if (!Array.isArray(added) || !Array.isArray(removed) || !Array.isArray(changed)) return undefined;
    const [more, other] = [added.map(parseSubscription), changed.map(parseSubscription)];
    const isRead = (subscription: Subscription | undefined) => subscription !== undefined;
    if (!more.every(isRead) || !other.every(isRead) || !removed.every(isText)) return undefined;
    return { added: more, removed, changed: other };
  } catch {
    return undefined;
  }
}

function readChanges(file: string): Changes {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { added: [], removed: [], changed: [] };
    throw error;
  }
  const changes = parseChanges(text);
  if (changes) return changes;
  throw new StartError(
    `${file} is not the list of subscriptions that this program writes: restore it from a copy, or delete it to have the template's subscriptions alone`,
  );
}

/** The current subscriptions, and which of the template's were removed. */
interface Live {
  readonly fromTemplate: ReadonlyMap<string, Subscription>;
  readonly gone: Set<string>;
  readonly live: Map<string, Subscription>;
}

interface SubscriptionOptions {
  readonly dir: string;
  readonly declared: readonly Subscription[];
  readonly isTopic: (arn: string) => boolean;
  readonly log: Log;
}

function merge({ added, removed, changed }: Changes, { declared, isTopic, log }: SubscriptionOptions): Live {
  const fromTemplate = new Map(declared.map((subscription) => [subscription.arn, subscription]));
  const gone = new Set(removed.filter((arn) => fromTemplate.has(arn)));
  const live = new Map([...fromTemplate].filter(([arn]) => !gone.has(arn)));
  for (const subscription of changed) {
    if (live.has(subscription.arn)) live.set(subscription.arn, subscription);
  }
  for (const subscription of added) {
    const { arn, topicArn } = subscription;
    if (!isTopic(topicArn)) log.warn('SNS subscription dropped with its topic', written(subscription));
    else if (!fromTemplate.has(arn)) live.set(arn, subscription);
  }
  return { fromTemplate, gone, live };
}

/** How the subscriptions differ from the template. */
function changesOf({ fromTemplate, gone, live }: Live) {
  const now = [...live.values()];
  const hasChanged = (subscription: Subscription) => {
    const before = fromTemplate.get(subscription.arn);
    return before !== undefined && !isSame(before, subscription);
  };
  return {
    added: now.filter(({ arn }) => !fromTemplate.has(arn)).map(written),
    removed: [...gone],
    changed: now.filter(hasChanged).map(written),
  };
}

type Change = (apply: () => () => void) => Promise<void>;

/** @returns a function that makes one change after the other; one that cannot be written is undone */
function createChange(file: string, state: Live, log: Log): Change {
  let saving: Promise<void> = Promise.resolve();
  return (apply) => {
    const next = saving.then(async () => {
      const undo = apply();
      try {
        await writeFileSafely(file, `${JSON.stringify(changesOf(state), undefined, 2)}\n`);
      } catch (error) {
        undo();
        const { code = String(error) } = error as NodeJS.ErrnoException;
        log.error('SNS subscriptions could not be written', { file, reason: code });
        throw new AwsError('InternalError', `The subscriptions could not be written: ${code}`, 500);
      }
    });
    saving = next.catch(() => {}); // the caller gets the error from `next`; the next change is made all the same
    return next;
  };
}

/** Adds a subscription unless it exists. @returns a function that undoes that */
function addTo({ gone, live }: Live, subscription: Subscription, settings?: Settings): () => void {
  const { arn } = subscription;
  const had = live.get(arn);
  if (had) {
    if (!settings || isSame(had, settings)) return () => {};
    throw invalid('Attributes Reason: Subscription already exists with different attributes');
  }
  if (live.size >= MAX_SUBSCRIPTIONS) {
    const message = `The local cloud keeps at most ${MAX_SUBSCRIPTIONS} subscriptions`;
    throw new AwsError('SubscriptionLimitExceeded', message, 403);
  }
  const wasGone = gone.delete(arn);
  live.set(arn, subscription);
  return () => {
    live.delete(arn);
    if (wasGone) gone.add(arn);
  };
}

/** @returns a function that undoes the removal */
function removeFrom({ fromTemplate, gone, live }: Live, arn: string): () => void {
  const had = live.get(arn);
  live.delete(arn);
  if (fromTemplate.has(arn)) gone.add(arn);
  return () => {
    if (had) live.set(arn, had);
    gone.delete(arn);
  };
}

/**
 * @param declared the template's subscriptions
 * @param isTopic whether the template still has the topic; subscriptions to others are dropped, as AWS drops them
 * @throws StartError when the file is damaged
 */
export async function openSubscriptions(options: SubscriptionOptions): Promise<Subscriptions> {
  const { dir, log } = options;
  const file = path.join(dir, 'subscriptions.json');
  await makeDirectory(dir);
  const state = merge(readChanges(file), options);
  const { live } = state;
  const change = createChange(file, state, log);
  const byArn = (a: Subscription, b: Subscription) => (a.arn < b.arn ? -1 : 1);
  const all = () => [...live.values()].sort(byArn);

  return {
    all,
    ofTopic: (topicArn) => all().filter((subscription) => subscription.topicArn === topicArn),
    find: (arn) => live.get(arn),
    async add(wanted) {
      const subscription = identified(wanted);
      await change(() => addTo(state, subscription, wanted.settings));
      return live.get(subscription.arn) ?? subscription;
    },
    set: (arn, changeSettings) =>
      change(() => {
        const had = live.get(arn);
        if (!had) throw new AwsError('NotFound', 'Subscription does not exist', 404);
        const { redrive: _before, ...rest } = had;
        live.set(arn, { ...rest, ...changeSettings(had) });
        return () => live.set(arn, had);
      }),
    async remove(arn) {
      if (live.has(arn)) await change(() => removeFrom(state, arn));
    },
  };
}
