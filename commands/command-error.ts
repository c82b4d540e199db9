// How a command of this folder begins and ends: one line for what the person at the terminal can mend.

import { printable } from '../core/channel-text.ts';

/** What the person at the terminal can mend. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs a command and sets the exit code: what `main` gives, or 2 with its line for a CommandError. A reader that goes, as
 * `head` does, ends the command quietly.
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
