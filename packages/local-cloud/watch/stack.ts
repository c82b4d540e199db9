// A stack that follows its sources: functions are built again, and for another template it stops and starts in order.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCounters } from '../counters.ts';
import { silentLog, type Log } from '../log.ts';
import { startStack, type Stack, type StackOptions } from '../stack.ts';
import { StartError } from '../start-error.ts';
import { domainFileOf } from '../template/domain-file.ts';
import { watchFiles } from './files.ts';
import { createFunctionWatch } from './functions.ts';

/** What a file has, or that it is not there. */
function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Starts the changed template once with nothing of the user's: an empty folder, other ports. So whatever stands in its way
 * is known while the old one still runs.
 *
 * @returns the problems, none when it starts.
 */
async function problemsOf(options: StackOptions): Promise<readonly string[]> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'local-cloud-'));
  try {
    // For the parameters that a data directory keeps.
    cpSync(path.join(options.dataDir, 'endpoints.json'), path.join(dataDir, 'endpoints.json'));
    const ports = { mqttPort: 0, awsPort: 0, webPort: 0, mqttHosts: undefined };
    const own = { dataDir, log: silentLog, counters: createCounters() };
    const stack = await startStack({ ...options, ...ports, ...own });
    const problems = await stack.importProblems();
    await stack.stop();
    return problems;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    // It names the folder that the user knows.
    return error.problems.map((problem) => problem.replaceAll(dataDir, options.dataDir));
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Later starts take the ports that the first was given, so that devices find it again. */
function withPortsOf(options: StackOptions, { endpoints }: Stack): StackOptions {
  const portOf = (url: string) => Number(new URL(url).port);
  const [mqttPort, awsPort, webPort] = [endpoints.mqtt, endpoints.aws, endpoints.web].map(portOf) as [
    number,
    number,
    number,
  ];
  return { ...options, mqttPort, awsPort, webPort };
}

function sayProblems(log: Log, problems: readonly string[], outcome: string): void {
  for (const problem of problems) log.error(problem);
  log.warn(outcome);
}

/** What runs now, and what takes its place. */
function createReplacement(options: StackOptions, first: Stack) {
  const { log, source } = options;
  const settings = withPortsOf(options, first);
  const sources = [source.file, domainFileOf(source.file), source.samconfigFile];
  const contents = () => sources.map(contentOf).join('\0');
  let stack: Stack | undefined = first;
  let functions = createFunctionWatch(first.rebuild, log);
  let runs = contents();
  let tried = runs;
  let problems: readonly string[] = [];

  async function replace(): Promise<void> {
    const began = performance.now();
    log.info('the template has changed: the stack stops and starts again');
    await stack?.stop();
    stack = undefined;
    stack = await startStack(settings);
    runs = tried;
    functions = createFunctionWatch(stack.rebuild, log);
    const milliseconds = Math.round(performance.now() - began);
    log.info('stack restarted', { milliseconds }, `the stack runs the new template after ${milliseconds} ms`);
  }

  /** @returns false when what runs goes on. */
  async function restart(): Promise<boolean> {
    const before = problems;
    tried = contents();
    if (stack && tried === runs) {
      problems = [];
      log.info('the template is again the one that runs');
      return false;
    }
    problems = await problemsOf(settings);
    if (problems.length === 0) {
      await replace();
      return true;
    }
    // What another change did not mend is known.
    if (problems.join() !== before.join())
      sayProblems(
        log,
        problems,
        stack ? 'the stack goes on with the template of before' : 'the stack is stopped',
      );
    return false;
  }

  return {
    files: () => [...sources, ...functions.files()],
    /** After a failure every change is worth a try, as what is missing may be anywhere. */
    async take(changed: ReadonlySet<string>): Promise<void> {
      try {
        const isAnother = problems.length > 0 || contents() !== tried;
        if (isAnother && (await restart())) return;
        if (stack) await functions.take(changed);
      } catch (error) {
        problems = error instanceof StartError ? error.problems : [String((error as Error).stack ?? error)];
        sayProblems(
          log,
          problems,
          stack ? 'the stack goes on' : 'the stack is stopped until the next change',
        );
      }
    },
    stop: async () => stack?.stop(),
  };
}

/** As `startStack`; the ports and the data stay the same until it is stopped. */
export async function startWatchedStack(options: StackOptions): Promise<Stack> {
  const first = await startStack(options);
  const replacement = createReplacement(options, first);
  let work = Promise.resolve();
  const watch = watchFiles((changed) => {
    work = replacement.take(changed).then(() => watch.follow(replacement.files()));
    return work;
  }, options.log);
  watch.follow(replacement.files());
  options.log.info('watching the functions and the template');
  return {
    ...first,
    async stop() {
      watch.close();
      await work;
      await replacement.stop();
    },
  };
}
