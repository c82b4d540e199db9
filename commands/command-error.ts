// Runs a command of this folder: errors that the user can fix are printed as one line.

import { printable } from '../core/channel-text.ts';

/** An error that the user can fix. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs a command and sets the exit code: the result of `main`, or 2 for a CommandError, whose message is printed. If the
 * reader of the output closes it, as `head` does, the command ends without an error.
 */
export async function runCommand(main: (args: readonly string[]) => Promise<number>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message.split('\n').map(printable).join('\n')}\n`);
    process.exitCode = 2;
  }
}
