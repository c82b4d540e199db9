// The entry point: runs the command that the first argument names.

import { printable, printableLines } from './log.ts';
import type { CommandName, Project } from './project.ts';
import { StartError } from './start-error.ts';

export type { Project, Warning } from './project.ts';

/** Resolves with the exit code. @throws StartError with the one line for the user */
type Command = (args: readonly string[], project?: Project) => Promise<number>;

/** Each is loaded when it is needed. */
const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  start: async () => (await import('./commands/start.ts')).start,
  invoke: async () => (await import('./commands/invoke.ts')).invoke,
  policy: async () => (await import('./commands/policy.ts')).policy,
  rule: async () => (await import('./commands/rule.ts')).rule,
  dns: async () => (await import('./commands/dns.ts')).dns,
  iam: async () => (await import('./commands/iam.ts')).iam,
};

const isCommand = (name: string | undefined): name is CommandName =>
  name !== undefined && Object.hasOwn(COMMANDS, name);

/** The reader of the output may end, as `head` does: that is not a fault, and the command runs to its end. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/**
 * Runs `start`, which may be left out, `invoke`, `policy`, `rule`, `dns` or `iam`, and ends the process with its exit code; after
 * `start` and `dns serve` the process goes on until a signal stops it.
 *
 * @param project settings of a repository for its stack; without them the command line has everything.
 */
export async function runLocalCloud(args: readonly string[], project?: Project): Promise<void> {
  outliveReaders();
  const [first, ...rest] = args;
  try {
    const [name, given]: [CommandName, readonly string[]] = isCommand(first)
      ? [first, rest]
      : ['start', args];
    const run = await COMMANDS[name]();
    process.exitCode = await run(given, project);
  } catch (error) {
    // A line for each problem that the user can fix; a stack trace only for our own faults.
    const shown =
      error instanceof StartError
        ? error.problems.map(printable)
        : [printableLines((error as Error).stack ?? String(error))];
    process.stderr.write(`${shown.join('\n')}\n`);
    process.exit(1);
  }
}
