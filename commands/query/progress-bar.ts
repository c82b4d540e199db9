// Shows a bar on standard error while a query takes longer than a second, if standard error is a terminal.

const FIRST_AFTER_MS = 1000;
const EVERY_MS = 200;
const WIDTH = 30;

/** `percentage` is called repeatedly: 0 to 100, or below zero while it is not known. */
export function showProgress(percentage: () => number): { end(): void } {
  if (!process.stderr.isTTY) return { end: () => {} };
  const begun = performance.now();
  let isShown = false;
  const timer = setInterval(() => {
    if (performance.now() - begun < FIRST_AFTER_MS) return;
    process.stderr.write(`\r${progressText(percentage())}`);
    isShown = true;
  }, EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      if (isShown) process.stderr.write('\r\x1B[K');
      isShown = false;
    },
  };
}

export function progressText(percentage: number): string {
  const part = Math.min(Math.max(percentage, 0), 100) / 100;
  const done = Math.floor(part * WIDTH);
  return `[${'#'.repeat(done)}${' '.repeat(WIDTH - done)}] ${String(Math.floor(part * 100)).padStart(3)} %`;
}
