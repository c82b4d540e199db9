// An error that stops the start: its message is the one line the operator reads, so it names the thing and the remedy.

export class StartError extends Error {
  override readonly name = 'StartError';
}
