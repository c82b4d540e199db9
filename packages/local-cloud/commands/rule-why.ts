// `rule why TOPIC`: asks the running stack which rules the last message of a topic fired, and what stopped the others.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { commandLineOf, dataDirOf, notRunning, type Project } from '../project.ts';
import type { Why } from '../rules/why.ts';
import { StartError } from '../start-error.ts';

export const whyForm = (project?: Project): string =>
  `why TOPIC [--rule NAME] [--data-dir ${dataDirOf(project)}]`;

const whyUsage = (project?: Project): string =>
  `usage: ${commandLineOf('rule', project)} ${whyForm(project)}`;

function readWanted(args: readonly string[], project?: Project) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rule: { type: 'string' },
        'data-dir': { type: 'string', default: dataDirOf(project) },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [topic, ...rest] = positionals;
    if (values.help) return undefined;
    if (topic === undefined || rest.length > 0) throw new StartError(whyUsage(project));
    return { topic, rule: values.rule, dataDir: values['data-dir'] };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${(error as Error).message.split('\n')[0]}; ${whyUsage(project)}`, {
      cause: error,
    });
  }
}

function webOf(dataDir: string, project?: Project): string {
  const file = path.join(dataDir, 'endpoints.json');
  if (!existsSync(file)) throw new StartError(notRunning(dataDir, project));
  return (JSON.parse(readFileSync(file, 'utf8')) as { web: string }).web;
}

async function ask(web: string, topic: string, stopped: string): Promise<Why> {
  let response: Response;
  try {
    response = await fetch(`${web}/rules.json?${new URLSearchParams({ topic }).toString()}`);
  } catch (error) {
    throw new StartError(stopped, { cause: error });
  }
  if (!response.ok) throw new StartError(`${web}/rules.json answered ${response.status}`);
  return (await response.json()) as Why;
}

/** The clause that stopped a rule is in the last lines of its explanation before the verdict. */
function shortOf({ name, fires, lines }: Why['rules'][number]): string[] {
  const verdict = lines.at(-1) ?? '';
  if (fires) return [`${name}: ${verdict}`];
  const clauses = lines.slice(lines.indexOf('') + 1, lines.lastIndexOf(''));
  return [`${name}: ${verdict}`, ...clauses.map((line) => `  ${line}`)];
}

/** Resolves with the lines to print. @throws StartError where no stack runs, or no message of the topic came */
export async function why(args: readonly string[], project?: Project): Promise<readonly string[]> {
  const wanted = readWanted(args, project);
  if (!wanted) return [whyUsage(project)];
  const { topic, rule, dataDir } = wanted;
  const { message, rules, topics } = await ask(webOf(dataDir, project), topic, notRunning(dataDir, project));
  if (!message) {
    const recent =
      topics.length > 0 ? `; the last messages came on ${topics.join(', ')}` : '; no message came yet';
    throw new StartError(`no message on ${topic} since the start${recent}`);
  }
  const asked = rules.filter(({ name }) => rule === undefined || name === rule);
  if (rule !== undefined && asked.length === 0)
    throw new StartError(
      `no rule ${rule} runs; there are ${rules.map(({ name }) => name).join(', ') || 'none'}`,
    );
  const time = new Date(message.receivedAt).toISOString();
  const head = `The last message on ${topic}: ${message.bytes} bytes from client ${message.clientId} at ${time}`;
  if (rule !== undefined) return [head, '', ...asked[0]!.lines];
  const sorted = [...asked].sort((a, b) => Number(b.fires) - Number(a.fires));
  return [head, '', ...(sorted.length > 0 ? sorted.flatMap(shortOf) : ['There are no rules.'])];
}
