// Tracks which elements of the fleet are visible or close to it. Only these show values and draw plots.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../data/app.ts';

/** The margin above and below the window, so that elements are ready before they are scrolled into view. */
const MARGIN = '300px 0px';

const changedOf = new WeakMap<Element, (isSeen: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** One observer for all elements, since the browser checks every observer in each frame. */
function watchSight(element: Element, changed: (isSeen: boolean) => void): () => void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) changedOf.get(target)?.(isIntersecting);
    },
    { rootMargin: MARGIN },
  );
  const own = observer;
  changedOf.set(element, changed);
  own.observe(element);
  return () => {
    changedOf.delete(element);
    own.unobserve(element);
  };
}

/**
 * Whether the element is visible. While it is, the device's last ten minutes are loaded and kept.
 *
 * @param isEarly the value until the browser has reported, so that the first paint is complete
 */
export function useSight<Of extends HTMLElement>(app: App, deviceId: string, isEarly = false) {
  const element = useRef<Of>(null);
  const isSeen = useSignal(isEarly);
  useEffect(() => {
    let leave: (() => void) | undefined;
    const change = (isNow: boolean) => {
      leave?.();
      leave = isNow ? app.store.look(deviceId) : undefined;
      isSeen.value = isNow;
    };
    const stop = watchSight(element.current!, change);
    return () => {
      stop();
      leave?.();
    };
  }, [deviceId]);
  return { element, isSeen: isSeen.value };
}
