// A stack that follows its sources: a changed function is built again, and a changed template restarts the stack.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCounters } from '../counters.ts';
import { silentLog, type Log } from '../log.ts';
import { startStack, type Stack, type StackOptions } from '../stack.ts';
import { StartError } from '../start-error.ts';
import { domainFileOf } from '../template/domain-file.ts';
import { watchFiles } from './files.ts';
import { createFunctionWatch, type FunctionWatch } from './functions.ts';

/** The text of a file; undefined when it cannot be read. */
function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Starts the changed template once on its own, with an empty folder and other ports, to find its problems while the old
 * stack still runs.
 *
 * @returns the problems, none when it starts.
 */
async function problemsOf(options: StackOptions): Promise<readonly string[]> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'local-cloud-'));
  try {
    // It has the parameters that must not change for a data directory.
    cpSync(path.join(options.dataDir, 'endpoints.json'), path.join(dataDir, 'endpoints.json'));
    const ports = { mqttPort: 0, awsPort: 0, webPort: 0, mqttHosts: undefined };
    const own = { dataDir, log: silentLog, counters: createCounters() };
    const stack = await startStack({ ...options, ...ports, ...own });
    const problems = await stack.importProblems();
    await stack.stop();
    return problems;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    // Messages name the folder that the user knows.
    return error.problems.map((problem) => problem.replaceAll(dataDir, options.dataDir));
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Later starts use the ports of the first, so that devices find the stack again. */
function withPortsOf(options: StackOptions, { endpoints }: Stack): StackOptions {
  const portOf = (url: string) => Number(new URL(url).port);
  const [mqttPort, awsPort, webPort] = [endpoints.mqtt, endpoints.aws, endpoints.web].map(portOf) as [
    number,
    number,
    number,
  ];
  return { ...options, mqttPort, awsPort, webPort };
}

function logProblems(log: Log, problems: readonly string[], outcome: string): void {
  for (const problem of problems) log.error(problem);
  log.warn(outcome);
}

/** The running stack, and how it changes. */
interface Running {
  readonly settings: StackOptions;
  /** The text of all files from which the stack is started. */
  readonly contents: () => string;
  /** Undefined while a start failed after the stop. */
  stack: Stack | undefined;
  functions: FunctionWatch;
  /** The contents that run, and those that were tried last. */
  runs: string;
  tried: string;
  problems: readonly string[];
}

async function replace(running: Running): Promise<void> {
  const { settings } = running;
  const { log } = settings;
  const began = performance.now();
  log.info('the template has changed: the stack stops and starts again');
  await running.stack?.stop();
  running.stack = undefined;
  running.stack = await startStack(settings);
  running.runs = running.tried;
  running.functions = createFunctionWatch(running.stack.rebuild, log);
  const milliseconds = Math.round(performance.now() - began);
  log.info('stack restarted', { milliseconds }, `the stack runs the new template after ${milliseconds} ms`);
}

/** Restarts the stack when the changed template has no problems. @returns false when the running stack goes on */
async function restart(running: Running): Promise<boolean> {
  const { settings, stack, problems: before } = running;
  const { log } = settings;
  running.tried = running.contents();
  if (stack && running.tried === running.runs) {
    running.problems = [];
    log.info('the template is again the one that runs');
    return false;
  }
  running.problems = await problemsOf(settings);
  if (running.problems.length === 0) {
    await replace(running);
    return true;
  }
  // Problems that the change left as they were are not logged again.
  if (running.problems.join() !== before.join())
    logProblems(
      log,
      running.problems,
      stack ? 'the stack goes on with the previous template' : 'the stack is stopped',
    );
  return false;
}

/** Follows a change. After a failure every change is tried, because what is missing may be anywhere. */
async function take(running: Running, changed: ReadonlySet<string>): Promise<void> {
  try {
    const isAnother = running.problems.length > 0 || running.contents() !== running.tried;
    if (isAnother && (await restart(running))) return;
    if (running.stack) await running.functions.take(changed);
  } catch (error) {
    running.problems =
      error instanceof StartError ? error.problems : [String((error as Error).stack ?? error)];
    logProblems(
      running.settings.log,
      running.problems,
      running.stack ? 'the stack goes on' : 'the stack is stopped until the next change',
    );
  }
}

/** As `startStack`; the ports and the data stay the same until it is stopped. */
export async function startWatchedStack(options: StackOptions): Promise<Stack> {
  const { source, log } = options;
  const first = await startStack(options);
  const sources = [source.file, domainFileOf(source.file), source.samconfigFile];
  const contents = () => sources.map(contentOf).join('\0');
  const runs = contents();
  const functions = createFunctionWatch(first.rebuild, log);
  const settings = withPortsOf(options, first);
  const running: Running = { settings, contents, stack: first, functions, runs, tried: runs, problems: [] };
  const files = () => [...sources, ...running.functions.files()];
  let work = Promise.resolve();
  const watch = watchFiles((changed) => {
    work = take(running, changed).then(() => watch.follow(files()));
    return work;
  }, log);
  watch.follow(files());
  log.info('watching the functions and the template');
  return {
    ...first,
    async stop() {
      watch.close();
      await work;
      await running.stack?.stop();
    },
  };
}
