// `policy explain ...`: which statement of which policy decides, from the data directory alone.
import path from 'node:path';
import { account } from '../account.ts';
import { systemClock } from '../clock.ts';
import { explainIdentity, type IdentityView } from '../cognito/explain.ts';
import { groupRolesOf } from '../cognito/group-roles.ts';
import { createIdentityIds } from '../cognito/identity-id.ts';
import { createPermissions } from '../cognito/permissions.ts';
import { poolsOf } from '../cognito/pools.ts';
import { readSecret } from '../cognito/secret.ts';
import { userPoolOf } from '../cognito/user-pool.ts';
import { readUsers } from '../cognito/users.ts';
import { explainPolicy, type ExplainedAction } from '../iot/explain.ts';
import { readRegistry } from '../iot/registry-file.ts';
import type { RegistryView } from '../iot/registry.ts';
import { printable } from '../log.ts';
import { parseFilter, topicProblem } from '../mqtt/topics.ts';
import { notRunning, type Project } from '../project.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import { parsePolicyOptions, usageOf, type PolicyOptions } from './policy-options.ts';

/** What the broker refuses before it asks any policy. */
function problemOf(action: ExplainedAction, topic: string): string | undefined {
  if (action === 'connect') return undefined;
  if (action !== 'subscribe') return topicProblem(topic, () => true);
  const filter = parseFilter(topic);
  return typeof filter === 'string' ? filter : undefined;
}

/** The roles are the template's, so it is read as `start` reads it. */
function permissionsOf(registry: RegistryView, options: PolicyOptions, project?: Project): IdentityView {
  const template = loadTemplate({ ...options.source, overrides: options.overrides });
  const dir = path.join(options.dataDir, 'cognito');
  const secret = readSecret(dir);
  if (!secret) throw new StartError(notRunning(options.dataDir, project));
  const pool = userPoolOf(template);
  const pools = poolsOf(template, pool);
  const ids = createIdentityIds(secret);
  return {
    permissions: createPermissions(registry, pools, ids),
    roleOf(identityId) {
      for (const { sub, groups } of pool ? readUsers(dir) : []) {
        const isUser = [...pools.keys()].some((id) => ids.forUser(id, pool!.provider, sub) === identityId);
        if (isUser) return groupRolesOf(pool!.groups, groups).preferred;
      }
      return undefined;
    },
  };
}

async function explain(question: PolicyOptions, project?: Project): Promise<readonly string[]> {
  const dir = path.join(question.dataDir, 'iot');
  const registry = await readRegistry({ dir, ...account, clock: systemClock });
  if (!registry) throw new StartError(notRunning(question.dataDir, project));
  const lines =
    question.identityId === undefined
      ? explainPolicy(registry, question)
      : explainIdentity(registry, permissionsOf(registry, question, project), question.identityId, question);
  const problem = problemOf(question.action, question.topic ?? '');
  return problem ? [...lines, `whatever the policies say, the broker refuses ${problem}`] : lines;
}

/** Prints what decides; resolves with the exit code. @throws StartError for a question that cannot be answered */
export async function policy(args: readonly string[], project?: Project): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'prove') return (await import('./policy-prove.ts')).provePolicies(rest, project);
  const options = parsePolicyOptions(args, project);
  const lines = options ? (await explain(options, project)).map(printable) : [usageOf(project)];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
