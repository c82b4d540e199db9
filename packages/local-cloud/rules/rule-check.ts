// Checks the rules of a template, before the services run that they call or deliver to.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import type { RuleTargets } from './action.ts';
import { allowedHosts } from './http-client.ts';
import type { Lookups } from './lookups.ts';
import { compileRule } from './rule.ts';
import { readRule } from './rule-spec.ts';
import { SqlError } from './sql-error.ts';
import { OLD_VERSION } from './sql-version.ts';
import { compileStatement } from './statement.ts';

/** Services for compiling, which needs them but calls none. */
const never = (): Promise<never> => Promise.reject(new Error('a rule is only checked'));
const TARGETS: RuleTargets = {
  lambda: { invokeAsync: never },
  streams: { put: never },
  dataStreams: { put: never },
  store: { put: never },
  topics: { publish: never },
  queues: { put: never },
  tables: { put: never },
  logs: { put: never },
  publish: never,
};
const LOOKUPS: Lookups = { aws_lambda: never, get_registry_data: never, get_thing_shadow: never };

/** Checked also where an action is wrong, which would hide it. */
function checkSql(rule: ResolvedResource): void {
  const payload = rule.properties['TopicRulePayload'] as { Sql?: unknown; AwsIotSqlVersion?: unknown };
  if (typeof payload.Sql !== 'string') return;
  try {
    const version = payload.AwsIotSqlVersion === '2016-03-23' ? '2016-03-23' : OLD_VERSION;
    compileStatement(payload.Sql, LOOKUPS, version);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new StartError(`${rule.at('TopicRulePayload', 'Sql')}: ${rule.logicalId}: ${error.message}`);
  }
}

/** @throws StartError with the template line of every rule that cannot run */
export function checkRules(template: Pick<ResolvedTemplate, 'resources' | 'ofType'>): void {
  const targets: RuleTargets = { ...TARGETS, http: { hosts: allowedHosts(), post: never } };
  readAll(template.ofType('AWS::IoT::TopicRule'), (rule) => {
    readAll<() => void, void>(
      [
        () => checkSql(rule),
        // This reads the SQL again: a problem found twice is listed once.
        () => void compileRule(readRule(template, rule), 0, targets, LOOKUPS),
      ],
      (check) => check(),
    );
  });
}
