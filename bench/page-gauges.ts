// What chromium and the operating system say of a page: the memory and time of its process, the work of its main thread.

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

const MIB = 1024 ** 2;

/** In MiB. */
export interface Memory {
  /** Pages that no other process has: what would be free without this one. */
  readonly own: number;
  /** As above, and its share of those that several have, such as the code of the browser (Pss). */
  readonly share: number;
}

/** Of the busiest renderer, which is the page's; `seconds` of processor time since it was started. */
export async function rendererOf(browser: Browser): Promise<Memory & { readonly seconds: number }> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const [busiest] = processInfo
    .filter(({ type }) => type === 'renderer')
    .toSorted((one, other) => other.cpuTime - one.cpuTime);
  const rollup = readFileSync(`/proc/${busiest!.id}/smaps_rollup`, 'utf8');
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)![1]) / 1024;
  const own = mebibytes('Private_Clean') + mebibytes('Private_Dirty');
  return { seconds: busiest!.cpuTime, own, share: mebibytes('Pss') };
}

export type Gauge = Awaited<ReturnType<typeof createGauge>>;

/** Times are processor time: what else the machine does meanwhile does not count. */
export async function createGauge(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name: string) => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((each) => each.name === name)!.value;
  };
  return {
    /** Of the page's main thread, in milliseconds. */
    taskMilliseconds: async () => (await metric('TaskDuration')) * 1000,
    /** In MiB, as it is: with what was not collected yet. */
    heap: async () => (await metric('JSHeapUsedSize')) / MIB,
    nodes: () => metric('Nodes'),
    collect: () => session.send('HeapProfiler.collectGarbage'),
  };
}
