// The error that stops the simulator with one line, which names the option and its valid values.

/** Its message is printed as the only line. */
export class SimError extends Error {
  override readonly name = 'SimError';
}
