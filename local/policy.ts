// `npm run policy -- explain ...`: which statement of which policy decides, from the data directory alone.
import path from 'node:path';
import { systemClock } from './clock.ts';
import { ground } from './ground.ts';
import { explainPolicy, type ExplainedAction } from './iot/explain.ts';
import { readRegistry } from './iot/registry-file.ts';
import { printable } from './log.ts';
import { parseFilter, topicProblem } from './mqtt/topics.ts';
import { parsePolicyOptions, usage, type PolicyOptions } from './policy-options.ts';
import { StartError } from './start-error.ts';

/** What the broker refuses before it asks any policy. */
function problemOf(action: ExplainedAction, topic: string): string | undefined {
  if (action === 'connect') return undefined;
  if (action !== 'subscribe') return topicProblem(topic, () => true);
  const filter = parseFilter(topic);
  return typeof filter === 'string' ? filter : undefined;
}

async function explain({ dataDir, ...question }: PolicyOptions): Promise<void> {
  const dir = path.join(dataDir, 'iot');
  const registry = await readRegistry({ dir, ...ground, clock: systemClock });
  for (const line of explainPolicy(registry, question)) process.stdout.write(`${printable(line)}\n`);
  const problem = problemOf(question.action, question.topic ?? '');
  if (problem) process.stdout.write(`whatever the policies say, the broker refuses ${problem}\n`);
}

try {
  const options = parsePolicyOptions(process.argv.slice(2));
  if (options) await explain(options);
  else process.stdout.write(`${usage}\n`);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${printable(error.message)}\n`);
  process.exitCode = 1;
}
