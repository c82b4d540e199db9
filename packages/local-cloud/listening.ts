// Opens a port, or fails with one line that says why and which flag helps.

import { StartError } from './start-error.ts';

/** @param flag the command's flag that sets the port. @throws StartError naming the port and the remedy. */
export async function listening<T>(flag: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EADDRINUSE: `port ${port} is in use: stop what uses it, or choose another with ${flag} (0 for any free one)`,
      EACCES: `port ${port} needs more rights than this process has: choose one above 1023 with ${flag}`,
    };
    throw new StartError(
      reasons[code ?? ''] ?? `port ${port} cannot be opened (${message}): choose another with ${flag}`,
      {
        cause: error,
      },
    );
  }
}
