// Measures a page through chromium and the operating system: memory and time of its process, and the work of its main thread.

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

const MIB = 1024 ** 2;

/** In MiB. */
export interface Memory {
  /** Private memory: what would be free without this process. */
  readonly own: number;
  /** Private memory and its share of shared memory, such as the browser's code (Pss). */
  readonly share: number;
}

/** The busiest renderer process, which is the page's. `seconds`: its processor time since it was started. */
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

/** Times are processor time, so other load on the machine does not count. */
export async function createGauge(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name: string) => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((each) => each.name === name)!.value;
  };
  return {
    /** The time of the page's main thread in milliseconds. */
    taskMilliseconds: async () => (await metric('TaskDuration')) * 1000,
    /** The heap in MiB, including garbage that is not collected yet. */
    heap: async () => (await metric('JSHeapUsedSize')) / MIB,
    nodes: () => metric('Nodes'),
    collect: () => session.send('HeapProfiler.collectGarbage'),
  };
}
