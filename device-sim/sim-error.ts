// Stops the simulator's command with one line that names the option and what it takes.

/** Stops the command with its message as the only line. */
export class SimError extends Error {
  override readonly name = 'SimError';
}
