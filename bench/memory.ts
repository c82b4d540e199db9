// Measures what the stack needs on a small computer: resident memory and processor time while nothing happens, and with the demo fleet.
// node bench/memory.ts [--idle 10] [--demo 40]

import { parseArgs } from 'node:util';
import { startStack, temporaryFolder, type BenchStack } from './stack.ts';

const { values } = parseArgs({
  options: {
    /** Seconds after the line `ready`. */
    idle: { type: 'string', default: '10' },
    /** Seconds that are measured, after as many to warm up. */
    demo: { type: 'string', default: '40' },
  },
});
const wait = (seconds: string) => new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
const megabytes = (value: number) => `${value.toFixed(0)} MiB`;

async function measureIdle(name: string, dataDir: string): Promise<void> {
  const stack = await startStack(dataDir);
  const atReady = stack.processorSeconds();
  await wait(values.idle);
  const { now, peak } = stack.memory();
  const started = `${stack.startMilliseconds.toFixed(0)} ms to ready, ${atReady.toFixed(2)} s of processor time`;
  console.log(
    `${name.padEnd(24)} ${megabytes(now)} after ${values.idle} s, ${megabytes(peak)} at most; ${started}`,
  );
  await stack.stop();
}

async function receivedBy(stack: BenchStack): Promise<number> {
  return (await stack.totals())['mqtt.received'] ?? 0;
}

async function measureDemo(dataDir: string): Promise<void> {
  const stack = await startStack(dataDir, [], 0, { demo: true });
  await wait(values.demo);
  const [received, processor, began] = [await receivedBy(stack), stack.processorSeconds(), performance.now()];
  await wait(values.demo);
  const seconds = (performance.now() - began) / 1_000;
  const share = (stack.processorSeconds() - processor) / seconds;
  const messages = (await receivedBy(stack)) - received;
  const { now, peak } = stack.memory();
  console.log(
    `${'demo fleet'.padEnd(24)} ${megabytes(now)}, ${megabytes(peak)} at most; ${(share * 100).toFixed(1)} % of a core ` +
      `at ${(messages / seconds).toFixed(1)} messages a second, ${((share * seconds * 1_000) / messages).toFixed(1)} ms each`,
  );
  await stack.stop();
}

const dataDir = temporaryFolder('memory');
await measureIdle('idle, empty folder', dataDir);
await measureIdle('idle, second start', dataDir);
await measureDemo(dataDir);
