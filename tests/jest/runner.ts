// Runs each test file in a Node process of its own, for jest: the code under test is loaded as it is in production
// (type stripping, real ES modules, no vm context), and no module, variable or listener of one file reaches the next.

import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CallbackTestRunnerInterface, OnTestSuccess } from 'jest-runner';
import type { FileAnswer, FileRequest, FileResult } from './test-file.ts';

/** The program that runs one file. */
const PROGRAM = fileURLToPath(new URL('test-file.ts', import.meta.url));
/** Of one file, in milliseconds. Tests have their own, shorter timeouts, so this stops a blocked process only. */
const FILE_TIMEOUT = 900_000;
/** In milliseconds, from the results of a file to the end of its process. */
const EXIT_TIMEOUT = 20_000;

type RunTests = Parameters<CallbackTestRunnerInterface['runTests']>;

/** `undefined` if the process ended without an answer. */
const answerOf = (child: ChildProcess) =>
  new Promise<FileAnswer | undefined>((resolve) => {
    child.once('message', (message) => resolve(message as FileAnswer));
    child.once('close', () => resolve(undefined));
  });

/** The exit code or the signal, as text. */
const endOf = (child: ChildProcess) =>
  new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? String(code))));

/** Runs a file and returns its results. Rejects if the file does not load or its process does not end by itself with 0. */
async function runFile(request: FileRequest): Promise<FileResult> {
  const child = fork(PROGRAM, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: FILE_TIMEOUT,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.on('error', (error) => (output += `${error.message}\n`));
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [answering, ending] = [answerOf(child), endOf(child)];
  child.send(request);
  const answer = await answering;
  const waiting = new AbortController();
  const late = sleep(EXIT_TIMEOUT, 'late', waiting).catch(() => 'late');
  const end = await Promise.race([ending, late]);
  waiting.abort();
  child.kill('SIGKILL');
  if (!answer) throw new Error(`the process ended with ${end} before its tests did\n${output}`);
  if ('error' in answer) throw new Error(answer.error + (output && `\n${output}`));
  if (end === 'late')
    throw new Error(`the process did not end after its tests: a server or a timer is still open\n${output}`);
  if (end !== '0') throw new Error(`the process ended with ${end} after its tests\n${output}`);
  if (output) answer.result.console = [{ type: 'log', message: output.trimEnd(), origin: '' }];
  return answer.result;
}

export default class TestFileRunner implements CallbackTestRunnerInterface {
  readonly #globalConfig: FileRequest['globalConfig'];

  constructor(globalConfig: FileRequest['globalConfig']) {
    this.#globalConfig = globalConfig;
  }

  async runTests(...[tests, watcher, onStart, onResult, onFailure]: RunTests): Promise<void> {
    const globalConfig = this.#globalConfig;
    const queue = tests.values();
    const run = async (test: Parameters<OnTestSuccess>[0]) => {
      await onStart(test);
      try {
        const { path, context } = test;
        await onResult(test, await runFile({ path, globalConfig, config: context.config }));
      } catch (error) {
        const stack = (error as Error).message;
        await onFailure(test, { message: '', stack, code: undefined, type: 'Error' });
      }
    };
    const work = async () => {
      for (const test of queue) {
        if (watcher.isInterrupted()) return;
        await run(test);
      }
    };
    await Promise.all(Array.from({ length: globalConfig.maxWorkers }, work));
  }
}
