// `invoke IngestFunction events/ingest.json`: as `sam local invoke`, in the running local cloud.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { account } from '../account.ts';
import { commandLineOf, commandOf, dataDirOf, notRunning, type Project } from '../project.ts';
import { readMetrics } from '../lambda/embedded-metrics.ts';
import { printable, printableLines } from '../log.ts';
import { StartError } from '../start-error.ts';

const usageOf = (project?: Project) =>
  `usage: ${commandLineOf('invoke', project)} FUNCTION EVENT.json [--data-dir ${dataDirOf(project)}]
       EVENT - reads standard input.`;

interface Wanted {
  /** Logical id, name or ARN. */
  readonly function: string;
  readonly eventFile: string;
  readonly dataDir: string;
}

interface Stack {
  readonly url: string;
  /** Names by logical ID. */
  readonly functions: ReadonlyMap<string, string>;
}

/** @returns undefined when help is requested. */
function readWanted(args: readonly string[], project?: Project): Wanted | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'data-dir': { type: 'string', default: dataDirOf(project) },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const [name, eventFile, ...rest] = positionals;
    if (!name || !eventFile || rest.length > 0) throw new StartError(usageOf(project));
    return { function: name, eventFile, dataDir: values['data-dir'] };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${(error as Error).message.split('\n')[0]}; ${usageOf(project)}`, { cause: error });
  }
}

function readEvent(file: string): string {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
    throw new StartError(`${file}: ${reason}; sample events stand in events/`, { cause: error });
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new StartError(`${file}: not JSON: ${(error as Error).message}`, { cause: error });
  }
  return text;
}

function readStack(dataDir: string, project?: Project): Stack {
  const file = path.join(dataDir, 'endpoints.json');
  if (!existsSync(file)) throw new StartError(notRunning(dataDir, project));
  try {
    const { aws, functions } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const entries = Object.entries(functions as Record<string, string>);
    return { url: new URL(String(aws)).href, functions: new Map(entries) };
  } catch (error) {
    throw new StartError(`${file} cannot be used: run ${commandOf('start', project)} again`, {
      cause: error,
    });
  }
}

function explain(error: Error, wanted: Wanted, stack: Stack, project?: Project): string {
  const code =
    (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return notRunning(wanted.dataDir, project);
  if (error.name === 'ResourceNotFoundException') {
    const known = [...stack.functions.keys()];
    return `no function ${wanted.function} in the local cloud; it has ${known.join(', ') || 'none'}`;
  }
  return `${error.name}: ${error.message}`;
}

async function send(wanted: Wanted, payload: string, project?: Project): Promise<InvokeCommandOutput> {
  const stack = readStack(wanted.dataDir, project);
  const client = new LambdaClient({
    endpoint: stack.url,
    region: account.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const name = stack.functions.get(wanted.function) ?? wanted.function;
  try {
    return await client.send(new InvokeCommand({ FunctionName: name, Payload: payload, LogType: 'Tail' }));
  } catch (error) {
    throw new StartError(explain(error as Error, wanted, stack, project), { cause: error });
  } finally {
    client.destroy();
  }
}

/** One line with the function, its duration and what it counted. */
function summaryOf(wanted: Wanted, answer: InvokeCommandOutput, log: string): string {
  const seconds = /\bDuration: ([\d.]+) ms/.exec(log)?.[1];
  const counted = new Map<string, number>();
  for (const line of log.split('\n'))
    readMetrics(line, (_, name, value, dimensions) => {
      const isTotal = Object.keys(dimensions).every((dimension) => dimension === 'service');
      if (isTotal && value > 0) counted.set(name, (counted.get(name) ?? 0) + value);
    });
  const counts = [...counted].map(([name, value]) => `${name} ${value}`).join(', ');
  const outcome = answer.FunctionError ? 'failed' : 'answered';
  return `${wanted.function} ${outcome}${seconds ? ` in ${seconds} ms` : ''}${counts && `: ${counts}`}`;
}

/**
 * Prints the log and a line that says what happened to standard error, and the response to standard output; resolves with
 * the exit code.
 */
export async function invoke(args: readonly string[], project?: Project): Promise<number> {
  const wanted = readWanted(args, project);
  if (!wanted) {
    process.stdout.write(`${usageOf(project)}\n`);
    return 0;
  }
  const payload = readEvent(wanted.eventFile);
  const answer = await send(wanted, payload, project);
  const log = Buffer.from(answer.LogResult ?? '', 'base64').toString();
  process.stderr.write(`${printableLines(log)}${printable(summaryOf(wanted, answer, log))}\n`);
  process.stdout.write(`${printableLines(Buffer.from(answer.Payload ?? []).toString('utf8'))}\n`);
  return answer.FunctionError ? 1 : 0;
}
