// `dns answer ...`, `dns serve` and `dns drill`: the names of a template on one machine, as Route 53 would answer for them.

import path from 'node:path';
import { answer, type World } from '../dns/answer.ts';
import { explainDistribution, explainOutcome } from '../dns/explain.ts';
import { indexZone } from '../dns/find.ts';
import { dnsFromTemplate } from '../dns/from-template.ts';
import { assumedHealth } from '../dns/health.ts';
import type { DnsModel } from '../dns/model.ts';
import { isRegion, regionOf } from '../dns/regions.ts';
import { account } from '../account.ts';
import { printable } from '../log.ts';
import type { Project } from '../project.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import { parseDnsOptions, usageOf, type AnswerOptions, type DnsSource } from './dns-options.ts';

function checkIdOf(given: string, { checks }: DnsModel): string {
  const found = checks.find(({ id, label }) => id === given || label === given);
  if (found) return found.id;
  const known = checks.map(({ label }) => label).join(', ') || 'none';
  throw new StartError(`--unhealthy ${given}: there is no such health check; the template has ${known}`);
}

function readModel({ source, overrides }: DnsSource, project: Project | undefined): DnsModel {
  const template = loadTemplate({ ...source, overrides });
  return dnsFromTemplate(template, project?.zones?.(template.parameters));
}

function explainAnswer(options: AnswerOptions, model: DnsModel): string[] {
  const { standIns, neighbourhoods, from, count } = options;
  const unhealthy = new Set(options.unhealthy.map((each) => checkIdOf(each, model)));
  const checks = new Map(model.checks.map((check) => [check.id, check]));
  const world: World = {
    zones: model.zones.map(indexZone),
    checkHealth: (id) => assumedHealth(id, checks, unhealthy),
    addressesOf: (name) => {
      const place = standIns.get(name);
      return place && [place.address];
    },
    random: Math.random,
  };
  const known = isRegion(from) ? from : regionOf(from, neighbourhoods);
  const question = { name: options.name, type: options.type, region: known ?? account.region };
  if (count !== undefined)
    return explainDistribution(
      question,
      Array.from({ length: count }, () => answer(question, world)),
    );
  const outcome = answer(question, world);
  const lines = explainOutcome(question, outcome);
  if (known !== undefined || !outcome.isByRegion) return lines;
  return [...lines, `${from} is in no network of --place, so it counts as ${account.region}`];
}

/** A command that the project adds: a script with `main`, which takes the arguments and returns the exit code. */
async function runDrill(args: readonly string[], { root, drill }: Project): Promise<number> {
  const script = (await import(path.join(root, drill!))) as {
    main(args: readonly string[]): Promise<number>;
  };
  return script.main(args);
}

/** Resolves with the exit code, or when it serves. @throws StartError for a question that cannot be answered */
export async function dns(args: readonly string[], project?: Project): Promise<number> {
  if (args[0] === 'drill' && project?.drill) return runDrill(args.slice(1), project);
  const options = parseDnsOptions(args, project);
  if (options === undefined) {
    process.stdout.write(`${usageOf(project)}\n`);
    return 0;
  }
  const model = readModel(options, project);
  if (options.command === 'serve') {
    const { serve } = await import('./dns-serve.ts');
    await serve(options, model);
    return 0;
  }
  const lines = explainAnswer(options, model).map(printable);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
