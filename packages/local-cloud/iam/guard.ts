// Judges each call that a function makes at the AWS port by the function's role, records it, and refuses what AWS would refuse.

import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { repeat } from '../aws/repeat.ts';
import type { Count } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createCalls, type RecordedCall } from './calls.ts';
import { callsFileIn, createCallsWriter, readCalls } from './calls-file.ts';
import { functionOf } from './caller.ts';
import { keyNeedsOf } from './keys.ts';
import { bucketArn } from './needs-objects.ts';
import { needsBody, needsOf } from './needs.ts';
import type { Need } from './need.ts';
import { keyNamesOf } from './partition-keys.ts';
import { roleSourcesOf } from './role-source.ts';
import { createRole, type Role } from './role.ts';
import { serviceRefusalsOf, serviceRolesOf } from './service-roles.ts';
import type { TableGuardSetup } from './table-guard.ts';

export interface Guard {
  /** For the table thread, which judges the requests that functions send to it without the AWS port. */
  readonly tables: TableGuardSetup;
  /** Adds calls that the table thread recorded. */
  add(calls: readonly RecordedCall[]): void;
  /**
   * Lets a request pass that the role of the calling function allows.
   *
   * @returns the request, whose body can be read once more
   * @throws AwsError with the service's own code when the role does not allow it
   */
  admit(req: IncomingMessage, service: string): Promise<IncomingMessage>;
  /** The error that S3 returns instead of `NoSuchKey` to a function that may not list the bucket. */
  hideMissing(req: IncomingMessage, bucket: string): AwsError | undefined;
  close(): Promise<void>;
}

export interface GuardOptions {
  readonly template: ResolvedTemplate;
  readonly dataDir: string;
  /** False lets everything pass, and still records it. */
  readonly enforces: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets `iam.refused`. */
  readonly count: Count;
}

/** Above every service's own limit, so that each service itself refuses what is too long. */
const LONGEST_BODY = 17 * 1024 * 1024;

/** How services refuse; the others answer AccessDeniedException with 400. */
const REFUSALS: Readonly<Record<string, readonly [code: string, status: number]>> = {
  cloudformation: ['AccessDenied', 403],
  iot: ['AccessDeniedException', 403],
  iotdata: ['ForbiddenException', 403],
  iotdevicegateway: ['ForbiddenException', 403],
  lambda: ['AccessDeniedException', 403],
  s3: ['AccessDenied', 403],
  sns: ['AuthorizationError', 403],
  sts: ['AccessDenied', 403],
};

function refusalOf(service: string, message: string): AwsError {
  const [code, status] = REFUSALS[service] ?? ['AccessDeniedException', 400];
  return new AwsError(code, message, status);
}

/** The calls of earlier starts, and the file that gets those of this one. */
function openCalls(dataDir: string, log: Log) {
  const file = callsFileIn(dataDir);
  const calls = createCalls();
  calls.add(readCalls(file));
  calls.take();
  return { calls, writer: createCallsWriter(file, calls, log) };
}

type Judging = Pick<GuardOptions, 'enforces' | 'log' | 'count'> & ReturnType<typeof openCalls>;

function warnRefused(
  { enforces, log }: Judging,
  { function: name, action, resource }: RecordedCall,
  reason: string,
): void {
  const outcome = enforces ? 'was refused' : 'would be refused on AWS';
  log.warn(
    `a call of a function ${outcome}`,
    { function: name, action, resource, reason },
    `${name}: its role does not allow ${action} on ${resource}, which ${outcome}: ${reason}`,
  );
}

/** Decides about a need and records it. @returns AWS's sentence where the role refuses */
function judge(judging: Judging, role: Role, need: Need): string | undefined {
  const { enforces, count, calls, writer } = judging;
  const verdict = role.decide(need);
  const functionId = role.source.functionId;
  const isNew = calls.note(functionId, need, verdict);
  writer.changed(isNew);
  if (verdict.allowed) return undefined;
  if (enforces) count('iam.refused');
  if (isNew) warnRefused(judging, { function: functionId, ...need, ...verdict, count: 1 }, verdict.reason);
  return enforces ? verdict.message : undefined;
}

/** Takes over calls that the table thread has judged, and warns of the first refused one of each kind. */
function addJudged(
  judging: Judging,
  roles: ReadonlyMap<string, Role>,
  more: Parameters<Guard['add']>[0],
): void {
  const { enforces, count, calls, writer } = judging;
  const refused = more.filter(({ allowed }) => !allowed);
  if (enforces) for (const call of refused) count('iam.refused', call.count);
  const first = calls.add(more);
  writer.changed(first.length > 0);
  for (const call of first)
    if (!call.allowed) warnRefused(judging, call, roles.get(call.function)!.decide(call).reason);
}

/** What the needs of a request depend on besides the request. */
function surroundingsOf(template: ResolvedTemplate, keyNames: ReturnType<typeof keyNamesOf>) {
  const names = new Map(keyNames);
  return {
    place: { region: template.region, accountId: template.accountId },
    partitionKeys: (table: string, index: string | undefined) =>
      names.get(index === undefined ? table : `${table}/${index}`),
  };
}

/** @throws StartError for a policy that AWS would refuse, and for a damaged file of calls */
export function createGuard(options: GuardOptions): Guard {
  const { template, enforces, clock, log } = options;
  const sources = roleSourcesOf(template);
  const roles = new Map(sources.map((source) => [source.functionId, createRole(source, clock)]));
  const keyNames = keyNamesOf(template);
  const surroundings = surroundingsOf(template, keyNames);
  const keyNeeds = keyNeedsOf(template);
  const judging: Judging = { ...options, ...openCalls(options.dataDir, log) };
  warnOfGaps([...roles.values()], log);
  warnOfServices(template, clock, log);

  const roleOf = (req: IncomingMessage) => {
    const functionId = functionOf(req);
    return functionId === undefined ? undefined : roles.get(functionId);
  };

  return {
    tables: { sources, keyNames, place: surroundings.place, enforces },
    add: (more) => addJudged(judging, roles, more),
    async admit(req, service) {
      const role = roleOf(req);
      if (!role) return req;
      const body = needsBody(req, service) ? await readBody(req, LONGEST_BODY) : undefined;
      const needs = needsOf(req, service, body?.toString('utf8') ?? '', surroundings) ?? [];
      const messages = needs
        .flatMap((need) => [need, ...keyNeeds(need)])
        .map((need) => judge(judging, role, need))
        .filter((message) => message !== undefined);
      if (messages.length > 0) throw refusalOf(service, messages[0]!);
      return body ? repeat(req, body) : req;
    },
    hideMissing(req, bucket) {
      const role = roleOf(req);
      const need = { action: 's3:ListBucket', resource: bucketArn(bucket) };
      const message = role && judge(judging, role, need);
      return message === undefined ? undefined : refusalOf('s3', message);
    },
    close: () => judging.writer.close(),
  };
}

/** Warns once, at the start, of calls that are not decided as on AWS. */
function warnOfGaps(roles: readonly Role[], log: Log): void {
  const undecided = roles.flatMap(({ source }) =>
    source.undecided === undefined ? [] : [`${source.functionId} may call everything: ${source.undecided}`],
  );
  const notes = [...new Set(roles.flatMap((role) => role.notes))].map(
    (note) => `${note}: a call that AWS refuses may be allowed`,
  );
  for (const note of [...undecided, ...notes]) log.warn(note);
}

/** What rules, delivery streams and schedules cannot do on AWS, once at the start. Here they do it. */
function warnOfServices(template: ResolvedTemplate, clock: Clock, log: Log): void {
  for (const refusal of serviceRefusalsOf(template, serviceRolesOf(template, clock))) {
    const { user, service, at, action, resource, reason } = refusal;
    log.warn(`${at}: ${service} needs ${action} on ${resource} for ${user}, and fails on AWS: ${reason}`);
  }
}
