// `npm run policy -- explain ...`: which statement of which policy decides, from the data directory alone.
import path from 'node:path';
import { systemClock } from './clock.ts';
import { explainIdentity } from './cognito/explain.ts';
import { createIdentityIds } from './cognito/identity-id.ts';
import { createPermissions, type Permissions } from './cognito/permissions.ts';
import { poolsOf } from './cognito/pools.ts';
import { readSecret } from './cognito/secret.ts';
import { ground } from './ground.ts';
import { explainPolicy, type ExplainedAction } from './iot/explain.ts';
import { readRegistry } from './iot/registry-file.ts';
import type { RegistryView } from './iot/registry.ts';
import { printable } from './log.ts';
import { parseFilter, topicProblem } from './mqtt/topics.ts';
import { parsePolicyOptions, usage, type PolicyOptions } from './policy-options.ts';
import { StartError } from './start-error.ts';
import { loadTemplate } from './template/load.ts';

/** What the broker refuses before it asks any policy. */
function problemOf(action: ExplainedAction, topic: string): string | undefined {
  if (action === 'connect') return undefined;
  if (action !== 'subscribe') return topicProblem(topic, () => true);
  const filter = parseFilter(topic);
  return typeof filter === 'string' ? filter : undefined;
}

const root = path.resolve(import.meta.dirname, '../..');

/** The roles are the template's, so it is read as `npm start` reads it. */
function permissionsOf(registry: RegistryView, { dataDir, overrides }: PolicyOptions): Permissions {
  const template = loadTemplate({
    file: path.join(root, 'template.yaml'),
    samconfigFile: path.join(root, 'samconfig.toml'),
    environment: 'local',
    overrides,
    ...ground,
  });
  const ids = createIdentityIds(readSecret(path.join(dataDir, 'cognito')));
  return createPermissions(registry, poolsOf(template), ids);
}

async function explain(question: PolicyOptions): Promise<void> {
  const dir = path.join(question.dataDir, 'iot');
  const registry = await readRegistry({ dir, ...ground, clock: systemClock });
  const lines =
    question.identityId === undefined
      ? explainPolicy(registry, question)
      : explainIdentity(registry, permissionsOf(registry, question), question.identityId, question);
  for (const line of lines) process.stdout.write(`${printable(line)}\n`);
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
