// `policy prove ...`: decides for all principals whether policies allow what claims forbid.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { account } from '../account.ts';
import { systemClock } from '../clock.ts';
import type { Endpoints } from '../endpoints.ts';
import { readRegistry } from '../iot/registry-file.ts';
import type { RegistryView } from '../iot/registry.ts';
import { printable } from '../log.ts';
import { notRunning, type Project } from '../project.ts';
import { readClaims, type Claims, type PrincipalSpec } from '../prover/claims.ts';
import { confirmByBroker, type PrincipalPolicy } from '../prover/confirm.ts';
import { generalClaims } from '../prover/general-claims.ts';
import { summaryLine, verdictLines } from '../prover/print.ts';
import { proveClaims, type ClaimVerdict, type SidesOf } from '../prover/prove-claims.ts';
import {
  claimsOn,
  identitiesBeyond,
  principalSets,
  registrySides,
  thingsBeyond,
} from '../prover/registry-claims.ts';
import { createSides, inAccount, iotArnOf, physicalName } from '../prover/sources.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { parseProveOptions, proveUsageOf, type ProveOptions } from './policy-prove-options.ts';

const LOCAL_ARN = `arn:aws:iot:${account.region}:${account.accountId}`;

const print = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`);

function claimsFor(options: ProveOptions, project: Project | undefined): Claims {
  const { claims, files, isAlone } = options;
  if (claims) return readClaims(claims.value, claims.shown);
  if (isAlone) return generalClaims(files.map(({ name }) => name));
  if (options.local && !project?.claims) return generalClaims([]);
  if (!project?.claims)
    throw new StartError('--claims FILE or --policy FILE is required: name what to prove');
  return readClaims(project.claims(LOCAL_ARN), 'claims of the project');
}

/** Read only where the claims name policies that neither files nor documents have. */
function templateFor(options: ProveOptions, claims: Claims): ResolvedTemplate | undefined {
  const own = new Set([...options.files.map(({ name }) => name), ...claims.documents.keys()]);
  const isOwn = ({ role, policies }: PrincipalSpec) =>
    role === undefined && policies.every((name) => own.has(name));
  if ([...claims.principals.values()].every(isOwn)) return undefined;
  if (options.local && !existsSync(options.source.file)) return undefined; // the claims name policies of the registry
  return loadTemplate({ ...options.source, overrides: options.overrides });
}

/** Confirms counterexamples at the broker where that was requested, and prints. */
type Report = (
  verdict: ClaimVerdict,
  policiesOf: (spec: PrincipalSpec) => PrincipalPolicy[],
) => Promise<void>;

function reportTo(outcomes: string[], endpoints: Endpoints | undefined, claimsOf: () => Claims): Report {
  return async (proof, policiesOf) => {
    const { verdict, claim } = proof;
    outcomes.push(verdict.outcome);
    const confirmed: string[] = [];
    if (verdict.outcome === 'broken' && endpoints) {
      const spec = claimsOf().principals.get(claim.of)!;
      confirmed.push(
        spec.kind === 'identity'
          ? 'the broker did not try it: identities need a login'
          : await confirmByBroker(endpoints, policiesOf(spec), verdict.counterexample),
      );
    }
    print(verdictLines(proof, confirmed));
  };
}

async function openRegistry({ dataDir }: ProveOptions, project: Project | undefined): Promise<RegistryView> {
  const registry = await readRegistry({ dir: path.join(dataDir, 'iot'), ...account, clock: systemClock });
  if (!registry) throw new StartError(notRunning(dataDir, project));
  return registry;
}

function endpointsOf({ dataDir, confirm }: ProveOptions, project?: Project): Endpoints | undefined {
  if (!confirm) return undefined;
  const file = path.join(dataDir, 'endpoints.json');
  if (!existsSync(file)) throw new StartError(notRunning(dataDir, project));
  return JSON.parse(readFileSync(file, 'utf8')) as Endpoints;
}

/** Every set of policies that certificates have, with the claims on them. */
async function* proveRegistry(
  registry: RegistryView,
  claims: Claims,
  template: ResolvedTemplate | undefined,
) {
  const sidesOf = registrySides(registry);
  const sets = principalSets(registry);
  for (const set of sets) {
    const on = claimsOn(set, claims, (name) => physicalName(template, name));
    const { size } = set.certificates;
    print([`${size} certificate${size === 1 ? '' : 's'} with ${set.policies.join(', ')}`]);
    for (const proof of proveClaims(on, sidesOf, LOCAL_ARN)) yield { proof, claims: on };
  }
  if (sets.length === 0) print(['no active certificate has a policy']);
}

/** Policies of identities that no claim is about, and things that the claims do not expect. */
function beyondLines(
  registry: RegistryView,
  claims: Claims,
  template: ResolvedTemplate | undefined,
): string[] {
  const documents = new Map(
    (template?.ofType('AWS::IoT::Policy') ?? []).map(
      ({ logicalId, properties }) => [logicalId, JSON.stringify(properties['PolicyDocument'])] as const,
    ),
  );
  const policies = [...identitiesBeyond(registry, claims, (name) => documents.get(name))].map(
    ([name, number]) =>
      `no claim is about policy ${name}, which ${number} ${number === 1 ? 'identity has' : 'identities have'}`,
  );
  const things = thingsBeyond(registry, claims).map(
    (name) =>
      `thing ${name} has a name that no thing may have by the claims: delete it, and register it under another`,
  );
  return [...policies, ...things].map((line) => printable(`${'UNDECIDED'.padEnd(10)}  ${line}`));
}

const ofIdentities = (claims: Claims): Claims => ({
  ...claims,
  claims: claims.claims.filter(({ of }) => claims.principals.get(of)!.kind === 'identity'),
});

async function prove(options: ProveOptions, project: Project | undefined): Promise<readonly string[]> {
  const claims = claimsFor(options, project);
  const template = templateFor(options, claims);
  const iotArn = template ? LOCAL_ARN : iotArnOf(options.files, LOCAL_ARN);
  const files = template ? options.files.map((file) => inAccount(file, LOCAL_ARN)) : options.files;
  const sidesOf: SidesOf = createSides({ claims, files, template });
  const outcomes: string[] = [];
  let current = claims;
  const report = reportTo(outcomes, endpointsOf(options, project), () => current);
  if (options.local) {
    const registry = await openRegistry(options, project);
    for await (const { proof, claims: on } of proveRegistry(registry, claims, template)) {
      current = on;
      await report(proof, ({ policies }) => policies.map((name) => ({ name })));
    }
    current = claims;
    const onIdentities = ofIdentities(claims);
    if (onIdentities.claims.length > 0) print(['identities, by the roles and policies of the template']);
    for (const proof of proveClaims(onIdentities, sidesOf, LOCAL_ARN)) await report(proof, () => []);
    const beyond = beyondLines(registry, claims, template);
    if (beyond.length > 0) print(beyond);
    outcomes.push(...beyond.map(() => 'undecided'));
    return outcomes;
  }
  for (const proof of proveClaims(claims, sidesOf, iotArn))
    await report(proof, ({ policies }) =>
      policies.map((name) => {
        const file = files.find((each) => each.name === name);
        return file
          ? { name, document: inAccount(file, LOCAL_ARN).text }
          : { name: physicalName(template, name) };
      }),
    );
  return outcomes;
}

/** Prints the verdicts; resolves with 1 where one of them is not a proof. @throws StartError for what cannot be proven */
export async function provePolicies(args: readonly string[], project?: Project): Promise<number> {
  const options = parseProveOptions(args, project);
  if (!options) {
    print([proveUsageOf(project)]);
    return 0;
  }
  const outcomes = (await prove(options, project)) as ClaimVerdict['verdict']['outcome'][];
  print([summaryLine(outcomes)]);
  return outcomes.every((outcome) => outcome === 'proven') ? 0 : 1;
}
