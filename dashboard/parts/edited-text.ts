// Keeps the text that is typed into a field until the field is left, even if the page is redrawn meanwhile.

import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';

/** Properties for an `<input>` that shows `value`; `onValue` gets the text when the field is left or Enter is pressed. */
export function useEditedText(
  value: string,
  onValue: (text: string) => void,
): Pick<JSX.IntrinsicElements['input'], 'value' | 'onInput' | 'onChange'> {
  const typed = useSignal<string | undefined>(undefined);
  return {
    // Without the typed text, each redraw would bring `value` back.
    value: typed.value ?? value,
    onInput({ currentTarget }) {
      typed.value = currentTarget.value;
    },
    onChange({ currentTarget }) {
      typed.value = undefined;
      onValue(currentTarget.value);
    },
  };
}
