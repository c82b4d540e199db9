// The settings of a repository for its own stack, which commands then need not repeat.

import type { Endpoints } from './endpoints.ts';

export interface Project {
  /** Folder of template.yaml and samconfig.toml. */
  readonly root: string;
  readonly stackName: string;
  /** Heading of the status page, and the organization in the certificate of the local CA. */
  readonly title: string;
  /** The data directory unless `--data-dir` names another, relative to the working directory. */
  readonly dataDir: string;
  /** True where npm scripts of the same names run the commands, so that usage says `npm run rule --`. */
  readonly npmScripts?: boolean;
  /** Script below `root` that runs beside the stack: a worker thread that gets `{ dataDir }`, and the message `stop`. */
  readonly demo?: string;
  /** Script below `root` that `dns drill` runs: it exports `main`, which takes the arguments and gives the exit code. */
  readonly drill?: string;
  /** The web port's page, in place of the totals, which are then at `/status`. */
  readonly page?: ProjectPage;
  /** Parameter of the template that takes the origin of the web port, such as `http://localhost:8080`. */
  readonly originParameter?: string;
  /**
   * Names of the hosted zones that the templates refer to by their ID and do not create, such as
   * `{ Z0123456789ABCDEFGHIJ: 'example.com' }`. An empty ID names no zone.
   */
  readonly zones?: (parameters: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** The line of totals: label and counter. A counter is one of the status page or a metric of a function. */
  readonly totals?: Readonly<Record<string, string>>;
  readonly warnings?: readonly Warning[];
  /** Commands to try first, a line each, printed before `ready`; `flags` are those that a command needs for this stack. */
  readonly hints?: (flags: string) => readonly string[];
  /** Parameters whose value cannot change for a data directory, and why. */
  readonly lasting?: readonly { readonly parameter: string; readonly because: string }[];
  /** Claims on what policies must never allow, as `policy prove` reads them from JSON; `iotArn` as `arn:aws:iot:us-east-1:000000000000`. */
  readonly claims?: (iotArn: string) => unknown;
  /** Problems with values of parameters that the template cannot check: a line each; any stops the start. */
  readonly faults?: (parameters: Readonly<Record<string, string>>) => readonly string[];
}

export interface ProjectPage {
  /** Files by their path, such as `index.html`. Called when somebody opens the page, so it may build it then. */
  readonly files: () => Promise<ReadonlyMap<string, Uint8Array>>;
  /** What `/config.json` says of the running stack. */
  readonly config: (stack: PageStack) => unknown;
}

export interface PageStack extends Pick<Endpoints, 'aws' | 'outputs' | 'mqtt' | 'mqttHosts'> {
  readonly region: string;
  /** The CA certificate that MQTT clients must trust. */
  readonly caPem: string;
  /** Addresses to which a login may return; none where the template has no user pool. */
  readonly callbacks: readonly string[];
}

/** Logged at the start where the stack has no resource of the type `without`. */
export interface Warning {
  readonly without: string;
  readonly message: string;
}

export type CommandName = 'start' | 'invoke' | 'policy' | 'rule' | 'dns' | 'iam';

/** How the user runs a command, such as `npm start` or `local-cloud start`. */
export function commandOf(name: CommandName, project?: Project): string {
  if (!project?.npmScripts) return `local-cloud ${name}`;
  return name === 'start' ? 'npm start' : `npm run ${name}`;
}

/** The same, to be followed by arguments, which npm needs after `--`. */
export const commandLineOf = (name: CommandName, project?: Project): string =>
  `${commandOf(name, project)}${project?.npmScripts ? ' --' : ''}`;

/** The message of every command that finds no running stack. */
export const notRunning = (dataDir: string, project?: Project): string =>
  `${project?.title ?? 'local-cloud'} is not running in ${dataDir}: run ${commandOf('start', project)} first, or name its folder with --data-dir`;

export const dataDirOf = (project?: Project): string => project?.dataDir ?? '.local-cloud';
