// `start`: the whole stack of a template on this machine, until a signal stops it.

import { isIPv6 } from 'node:net';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { createClosers } from '../closers.ts';
import { createCounters } from '../counters.ts';
import { explainDiskError, lockDataDir } from '../data-dir.ts';
import { createLog, printableLines, type Log } from '../log.ts';
import { commandLineOf, commandOf, dataDirOf, type Project } from '../project.ts';
import { returnMemory } from '../memory.ts';
import { resolveMqttHosts } from '../mqtt/hosts.ts';
import { startStack, type Stack } from '../stack.ts';
import { startWatchedStack } from '../watch/stack.ts';
import { startDemo } from './demo.ts';
import { createDisplay, takesEscapes, type Display } from './display.ts';
import { parseStartOptions, usageOf, type StartOptions } from './start-options.ts';

const stackOptionsOf = (source: StartOptions['source'], project: Project | undefined) => ({
  source,
  title: project?.title ?? source.stackName,
  startCommand: commandOf('start', project),
  dnsCommand: commandLineOf('dns', project),
  page: project?.page,
  originParameter: project?.originParameter,
  warnings: project?.warnings,
  lasting: project?.lasting,
  faults: project?.faults,
});

/** Writes how to log in, what to try next and the line `ready`; not into the log, which must not have a password. */
function writeReady(
  { endpoints, firstUser }: Stack,
  display: Display,
  dataDir: string,
  project?: Project,
): void {
  if (firstUser)
    display.write(`Log in as ${firstUser.name} with ${firstUser.password} (kept in ${firstUser.file})\n`);
  const isUsualFolder = dataDir === path.resolve(dataDirOf(project));
  const hints = project?.hints?.(isUsualFolder ? '' : ` --data-dir ${dataDir}`);
  if (hints) display.write(`Try next, in another terminal:\n${hints.map((hint) => `  ${hint}\n`).join('')}`);
  const { mqtt, aws, web } = endpoints;
  display.write(`ready ${mqtt} ${aws} ${web}\n`);
}

async function run(
  { source, demo, host, watch, ...options }: StartOptions,
  project?: Project,
): Promise<void> {
  const { dataDir } = options;
  const mqttHosts = await resolveMqttHosts(host);
  const closers = createClosers();
  try {
    closers.add(lockDataDir(dataDir));
    const counters = createCounters();
    const renews = takesEscapes(process.env);
    const display = createDisplay(process.stdout, counters, systemClock, project?.totals, renews);
    closers.add(() => display.stop());
    const log = createLog(display, () => systemClock.now());
    closers.add(returnMemory(systemClock));
    const stack = await (watch ? startWatchedStack : startStack)({
      ...options,
      ...stackOptionsOf(source, project),
      ...{ mqttHosts, clock: systemClock, log, counters },
    });
    closers.add(() => stack.stop());
    // Before the line `ready`, after which others may stop it.
    stopOnSignal(() => {
      display.write('stopping: finishing and archiving what came in (press Ctrl-C again to stop at once)\n');
      return closers.closeAll();
    });
    logWhatIsOpen(stack, log);
    writeReady(stack, display, dataDir, project);
    void logImportProblems(stack, log);
    if (project?.demo && demo) closers.add(startDemo(path.join(project.root, project.demo), dataDir, log));
  } catch (error) {
    await closers.closeAll();
    throw explainDiskError(dataDir, error);
  }
}

/** After the line `ready`, which it does not delay. */
async function logImportProblems(stack: Stack, log: Log): Promise<void> {
  for (const problem of await stack.importProblems())
    log.error('a function cannot be imported', { reason: problem }, problem);
}

/** Logs the names and addresses of the MQTT port, and what opening it to the network means. */
function logWhatIsOpen({ endpoints }: Pick<Stack, 'endpoints'>, log: Log): void {
  const { mqttDomains } = endpoints;
  if (mqttDomains.length > 0) {
    const names = mqttDomains.join(', ');
    log.info(
      'the MQTT port has a certificate for custom domains',
      { names },
      `the MQTT port has a certificate for ${names}`,
    );
  }
  const [first, ...others] = endpoints.mqttHosts;
  if (first === undefined) return;
  const port = Number(new URL(endpoints.mqtt).port);
  const address = isIPv6(first) ? `mqtts://[${first}]:${port}` : `mqtts://${first}:${port}`;
  const alsoAs = others.length > 0 ? `, also as ${others.join(', ')}` : '';
  log.info(
    'the MQTT port is open to other machines',
    { address, also: others.join(' ') },
    `MQTT for other machines: ${address}${alsoAs}`,
  );
  log.warn(
    'every client of the open port needs a certificate; no other port is open',
    {},
    'The MQTT port is open to your network. Devices still need their certificates; the AWS and web ports stay on this machine.',
  );
}

/** One Ctrl-C reaches this process twice, from the terminal and passed on by npm, within this time. */
const SAME_SIGNAL_MILLISECONDS = 1_000;

/** Stops on a signal, or when the reader of the output ends: `npm start | head` ends as any program does. */
function stopOnSignal(stop: () => Promise<void>): void {
  let askedAt: number | undefined;
  const ask = () => {
    const now = performance.now();
    if (askedAt !== undefined && now - askedAt < SAME_SIGNAL_MILLISECONDS) return;
    if (askedAt !== undefined) process.exit(1); // a second signal: what is not drained is in the journal
    askedAt = now;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${printableLines((error as Error).stack ?? String(error))}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
  // Every further line fails in the same way, and means nothing more.
  process.stdout.on('error', () => {
    if (askedAt === undefined) ask();
  });
}

/** Resolves when the stack runs, or its usage is printed. @throws StartError for what the user can fix */
export async function start(args: readonly string[], project?: Project): Promise<number> {
  process.env['TZ'] = 'UTC'; // as in Lambda; a worker thread takes its time zone from the process
  process.umask(0o077); // what libraries write into the data directory is for its owner alone, too
  const options = parseStartOptions(args, project);
  if (options) await run(options, project);
  else process.stdout.write(`${usageOf(project)}\n`);
  return 0;
}
