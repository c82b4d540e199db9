// What the oracle of a world finds.

export interface Finding {
  readonly kind: string;
  readonly text: string;
}
