// The error for a stored alert state that is damaged: a separate class, so that the other states are still shown and judged.

export class UnreadableStateError extends Error {
  override readonly name = 'UnreadableStateError';
}
