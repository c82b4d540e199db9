// Which elements of the fleet are in sight or close to it: only these show values and draw, of a thousand a few dozen.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../data/app.ts';

/** Above and below the window, so that what is scrolled to is there already. */
const MARGIN = '300px 0px';

const changedOf = new WeakMap<Element, (isSeen: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** One observer for all elements: each of its own would be looked at in every frame. */
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
 * Whether the element is in sight; while it is, the device's last ten minutes are loaded and kept.
 *
 * @param isEarly what is assumed until the browser has looked, so that the first picture is whole
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
