// A stored alert state that somebody broke: an error of its own, so that the states beside it are still shown and judged.

export class UnreadableStateError extends Error {
  override readonly name = 'UnreadableStateError';
}
