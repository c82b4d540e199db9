// First in, first out in constant time, which an array's shift is not once it is long.

export interface Queue<T> {
  readonly length: number;
  push(item: T): void;
  first(): T | undefined;
  shift(): T | undefined;
  /** All that are in it, first to last. */
  items(): T[];
  /** Takes all out. */
  clear(): T[];
}

export function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push: (item) => void items.push(item),
    first: () => items[head],
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      head += 1;
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    items: () => items.slice(head),
    clear() {
      const all = items.slice(head);
      items = [];
      head = 0;
      return all;
    },
  };
}
