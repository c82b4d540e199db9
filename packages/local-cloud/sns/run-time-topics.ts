// Topics that the API creates in addition to those of the template; a file keeps them over a restart.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import { makeDirectory, writeFileSafely } from '../files/durable-files.ts';
import { StartError } from '../start-error.ts';
import { invalid } from './message.ts';
import type { Topic } from './topic-spec.ts';

export interface RunTimeTopics {
  /** Those of the template and those of run time, by ARN. */
  readonly topics: ReadonlyMap<string, Topic>;
  /** Resolves with the ARN once it is on disk; an existing topic stays as it is. @throws AwsError InvalidParameter */
  create(name: string, displayName: string): Promise<string>;
  /** Does nothing for an unknown topic. @throws AwsError InvalidParameter for one of the template */
  remove(arn: string): Promise<void>;
}

type Kept = Pick<Topic, 'name' | 'displayName'>;

function readKept(file: string): readonly Kept[] {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (Array.isArray(kept)) return kept as readonly Kept[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new StartError(
    `${file} is not the list of topics that this program writes: restore it from a copy, or delete it to have the template's topics alone`,
  );
}

/** @throws AwsError InvalidParameter for a name that a standard topic cannot have */
function requireName(name: string): void {
  if (/^[\w-]{1,256}$/.test(name)) return;
  throw invalid(
    name.endsWith('.fifo')
      ? 'Name Reason: FIFO topics do not run here'
      : 'Name Reason: 1 to 256 of a-z A-Z 0-9 _ -',
  );
}

const topicIn =
  (region: string, accountId: string) =>
  ({ name, displayName }: Kept): Topic => {
    const arn = `arn:aws:sns:${region}:${accountId}:${name}`;
    return { arn, name, owner: accountId, displayName };
  };

/** @returns a function that writes the topics of run time to the file, one write after the other */
function createSave(file: string, made: ReadonlyMap<string, Topic>): () => Promise<void> {
  let saving: Promise<void> = Promise.resolve();
  return () => {
    const kept = [...made.values()].map(({ name, displayName }): Kept => ({ name, displayName }));
    const next = saving.then(() => writeFileSafely(file, `${JSON.stringify(kept, undefined, 2)}\n`));
    saving = next.catch(() => {}); // the caller gets the error
    return next;
  };
}

/** @throws StartError when the file is damaged */
export async function openRunTimeTopics(options: {
  readonly dir: string;
  readonly declared: ReadonlyMap<string, Topic>;
  readonly region: string;
  readonly accountId: string;
}): Promise<RunTimeTopics> {
  const { dir, declared, region, accountId } = options;
  const file = path.join(dir, 'topics.json');
  await makeDirectory(dir);
  const topicOf = topicIn(region, accountId);
  const made = new Map(readKept(file).map((kept) => [topicOf(kept).arn, topicOf(kept)]));
  const topics = new Map([...made, ...declared]);
  const save = createSave(file, made);

  return {
    topics,
    async create(name, displayName) {
      requireName(name);
      const topic = topicOf({ name, displayName });
      if (topics.has(topic.arn)) return topic.arn;
      made.set(topic.arn, topic);
      topics.set(topic.arn, topic);
      try {
        await save();
      } catch (error) {
        made.delete(topic.arn);
        topics.delete(topic.arn);
        throw new AwsError('InternalError', `The topic could not be written: ${String(error)}`, 500);
      }
      return topic.arn;
    },
    async remove(arn) {
      if (declared.has(arn))
        throw invalid('TopicArn Reason: the template declares the topic, remove it there');
      if (!made.delete(arn)) return;
      topics.delete(arn);
      await save();
    },
  };
}
