// Who gets a topic's messages: the template's subscribers and those of run time, which a file keeps over a restart.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Log } from '../log.ts';
import { makeDirectory, writeFileSafely } from '../files/durable-files.ts';
import { StartError } from '../start-error.ts';
import { checkEndpoint } from './endpoints.ts';
import type { Protocol } from './message.ts';

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: Protocol;
  readonly endpoint: string;
}

export interface Subscriptions {
  /** In the order of their ARNs. */
  all(): Subscription[];
  ofTopic(topicArn: string): Subscription[];
  /** Resolves once it is on disk; subscribing again changes nothing. @throws AwsError SubscriptionLimitExceeded */
  add(wanted: Omit<Subscription, 'arn'>): Promise<Subscription>;
  /** Also one of the template: it stays away until somebody subscribes it again. Unknown ARNs change nothing. */
  remove(arn: string): Promise<void>;
}

/** What the file holds: how run time differs from the template. */
interface Changes {
  readonly added: readonly Omit<Subscription, 'arn'>[];
  readonly removed: readonly string[];
}

/** Far fewer than SNS allows, and more than one machine's mail folder stands. */
const maxSubscriptions = 1_000;

/** The same subscription has the same ARN at every start, in the form that SNS gives it. */
export function identified(wanted: Omit<Subscription, 'arn'>): Subscription {
  const { topicArn, protocol, endpoint } = wanted;
  const hex = createHash('sha256').update([topicArn, protocol, endpoint].join('\n')).digest('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return { arn: `${topicArn}:${id.join('-')}`, topicArn, protocol, endpoint };
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isSubscription(value: unknown): value is Omit<Subscription, 'arn'> {
  const { topicArn, protocol, endpoint } = (value ?? {}) as Record<string, unknown>;
  if (!isText(topicArn) || !isText(protocol) || !isText(endpoint)) return false;
  return 'protocol' in checkEndpoint(protocol, endpoint);
}

function parseChanges(text: string): Changes | undefined {
  try {
    const { added, removed } = JSON.parse(text) as { added: unknown; removed: unknown };
    if (!Array.isArray(added) || !Array.isArray(removed)) return undefined;
    return added.every(isSubscription) && removed.every(isText) ? { added, removed } : undefined;
  } catch {
    return undefined;
  }
}

function readChanges(file: string): Changes {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { added: [], removed: [] };
    throw error;
  }
  const changes = parseChanges(text);
  if (changes) return changes;
  throw new StartError(
    `${file} is not the list of subscriptions that this program writes: restore it from a copy, or delete it to have the template's subscriptions alone`,
  );
}

/**
 * @param declared the template's subscriptions
 * @param isTopic whether the template still has the topic; subscriptions of others are dropped, as AWS drops them
 * @throws StartError when the file is damaged
 */
export async function openSubscriptions(options: {
  readonly dir: string;
  readonly declared: readonly Subscription[];
  readonly isTopic: (arn: string) => boolean;
  readonly log: Log;
}): Promise<Subscriptions> {
  const { dir, declared, isTopic, log } = options;
  const file = path.join(dir, 'subscriptions.json');
  await makeDirectory(dir);
  const { added, removed } = readChanges(file);
  const fromTemplate = new Map(declared.map((subscription) => [subscription.arn, subscription]));
  const gone = new Set(removed.filter((arn) => fromTemplate.has(arn)));
  const live = new Map([...fromTemplate].filter(([arn]) => !gone.has(arn)));
  for (const subscription of added.map(identified)) {
    if (isTopic(subscription.topicArn)) live.set(subscription.arn, subscription);
    else log.warn('SNS subscription dropped with its topic', { ...subscription });
  }

  let saving: Promise<void> = Promise.resolve();

  /** One change after the other; one that cannot be written is taken back. */
  function change(apply: () => () => void): Promise<void> {
    const next = saving.then(async () => {
      const undo = apply();
      const extra = [...live.values()].filter(({ arn }) => !fromTemplate.has(arn));
      const changes = {
        added: extra.map(({ topicArn, protocol, endpoint }) => ({ topicArn, protocol, endpoint })),
        removed: [...gone],
      };
      try {
        await writeFileSafely(file, `${JSON.stringify(changes, undefined, 2)}\n`);
      } catch (error) {
        undo();
        const { code = String(error) } = error as NodeJS.ErrnoException;
        log.error('SNS subscriptions could not be written', { file, reason: code });
        throw new AwsError('InternalError', `The subscriptions could not be written: ${code}`, 500);
      }
    });
    saving = next.catch(() => {}); // told to whoever asked for the change; the next one starts afresh
    return next;
  }

  const byArn = (a: Subscription, b: Subscription) => (a.arn < b.arn ? -1 : 1);
  const all = () => [...live.values()].sort(byArn);

  return {
    all,
    ofTopic: (topicArn) => all().filter((subscription) => subscription.topicArn === topicArn),
    async add(wanted) {
      const subscription = identified(wanted);
      const { arn } = subscription;
      await change(() => {
        if (!live.has(arn) && live.size >= maxSubscriptions) {
          const message = `The local cloud keeps at most ${maxSubscriptions} subscriptions`;
          throw new AwsError('SubscriptionLimitExceeded', message, 403);
        }
        const [had, wasGone] = [live.has(arn), gone.delete(arn)];
        live.set(arn, subscription);
        return () => {
          if (!had) live.delete(arn);
          if (wasGone) gone.add(arn);
        };
      });
      return subscription;
    },
    async remove(arn) {
      if (!live.has(arn)) return;
      await change(() => {
        const had = live.get(arn);
        live.delete(arn);
        if (fromTemplate.has(arn)) gone.add(arn);
        return () => {
          if (had) live.set(arn, had);
          gone.delete(arn);
        };
      });
    },
  };
}
