// Prints the report on permissions as lines.

import type { IamReport, Missing } from './report.ts';
import type { Unused, Wildcard } from './statements.ts';

const many = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

function missingLine({ at, function: name, service, action, resource, count, reason }: Missing): string {
  const who = service === undefined ? `${name}, ${many(count, 'call')}` : `${service} for ${name}`;
  return `  ${at}  ${action} on ${resource} (${who}): ${reason}`;
}

const unusedLine = ({ at, role, sid, part, value }: Unused) =>
  `  ${at}  ${role}${sid && ` ${sid}`}: ${part === 'resource' ? 'resource ' : ''}${value}`;

const wildcardLine = ({ at, role, value }: Wildcard) => `  ${at}  ${role}: ${value}`;

function section<T>(title: string, items: readonly T[], line: (item: T) => string): string[] {
  return items.length === 0 ? [] : ['', title, ...items.map(line)];
}

/** @param explained unused permissions and wildcards that a comment in the template explains */
export function reportLines(report: IamReport, explained: number): string[] {
  const { recorded, neverCalled, undecided, missing, unused, wildcards, otherRoles } = report;
  const total = recorded.reduce((sum, { calls }) => sum + calls, 0);
  return [
    `recorded: ${many(total, 'call')} of ${many(recorded.length, 'function')}`,
    ...recorded.map(({ function: name, calls }) => `  ${name} ${calls}`),
    ...(neverCalled.length === 0 ? [] : [`no call recorded: ${neverCalled.join(', ')}`]),
    ...section('roles that are not judged', undecided, ({ function: name, why }) => `  ${name}: ${why}`),
    ...section('refused by a role, which is an error on AWS', missing, missingLine),
    ...section('permissions that no recorded call used', unused, unusedLine),
    ...section('wildcards without a comment that explains them', wildcards, wildcardLine),
    '',
    ...(otherRoles.length === 0
      ? []
      : [
          `only wildcards are checked of the roles of browsers and of provisioning: ${otherRoles.join(', ')}`,
        ]),
    ...(explained === 0 ? [] : [`explained by a comment in the template: ${explained}`]),
    missing.length === 0
      ? 'every recorded call is allowed'
      : `${many(missing.length, 'kind')} of calls ${missing.length === 1 ? 'is' : 'are'} refused: add the permissions to the roles`,
  ];
}
