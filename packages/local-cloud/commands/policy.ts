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
import { explainPolicy } from '../iot/explain.ts';
import { readRegistry } from '../iot/registry-file.ts';
import type { RegistryView } from '../iot/registry.ts';
import { printable } from '../log.ts';
import { parseFilter, topicProblem } from '../mqtt/topics.ts';
import { isProvisioningTopic } from '../provisioning/topics.ts';
import { parseRequestTopic } from '../shadow/topics.ts';
import { notRunning, type Project } from '../project.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import { parsePolicyOptions, usageOf, type PolicyOptions } from './policy-options.ts';

/** Whether a service of the cloud reads the reserved topic. */
const isServedTopic = (topic: string) => parseRequestTopic(topic) !== undefined || isProvisioningTopic(topic);

/** The broker's reason to refuse before any policy is evaluated. */
function problemOf({ action, topic = '', willTopic }: PolicyOptions): string | undefined {
  if (action === 'connect') {
    const problem = willTopic === undefined ? undefined : topicProblem(willTopic, isServedTopic);
    return problem && `the will: it has ${problem}`;
  }
  if (action === 'receive') return topicProblem(topic, () => true);
  if (action !== 'subscribe') return topicProblem(topic, isServedTopic);
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

/** With a will, the broker also checks whether the client may publish it. */
const questionsOf = (question: PolicyOptions): readonly PolicyOptions[] =>
  question.willTopic === undefined
    ? [question]
    : [question, { ...question, action: 'publish', topic: question.willTopic }];

async function explain(question: PolicyOptions, project?: Project): Promise<readonly string[]> {
  const dir = path.join(question.dataDir, 'iot');
  const registry = await readRegistry({ dir, ...account, clock: systemClock });
  if (!registry) throw new StartError(notRunning(question.dataDir, project));
  const { identityId } = question;
  const identities = identityId === undefined ? undefined : permissionsOf(registry, question, project);
  const lines = questionsOf(question).flatMap((each) =>
    identities ? explainIdentity(registry, identities, identityId!, each) : explainPolicy(registry, each),
  );
  const problem = problemOf(question);
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
