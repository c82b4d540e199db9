// The command line of `policy`, checked before the registry is read.

import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { explainedActions, type Question } from '../iot/explain.ts';
import { commandLineOf, commandOf, dataDirOf, type Project } from '../project.ts';
import { sourceOf, sourceOptions, sourceUsage, type StackSource } from '../stack-source.ts';
import { StartError } from '../start-error.ts';
import { parseOverrides } from './overrides.ts';
import { folded } from './usage-text.ts';

export const usageOf = (
  project?: Project,
): string => `${folded(`usage: ${commandLineOf('policy', project)} explain --thing T --action A --topic X [--client-id C] ${sourceUsage(project)}[--data-dir DIR]`)}
       A is ${explainedActions.join(', ')}.
       --topic TOPIC: for all but connect
       --certificate FILE or ID: about that certificate, such as a claim,
         which has no thing
       --identity ID: about a Cognito identity instead
       --will TOPIC, --persistent: of connect; a last will, and a session that
         outlives the connection
       --source-ip ADDRESS: where the device connects from (127.0.0.1)
       --parameter-overrides Key=Value: as ${commandOf('start', project)} was given them
       ${commandLineOf('policy', project)} prove --help is about all principals and
       topics at once.`;

export interface PolicyOptions extends Question {
  readonly source: StackSource;
  readonly dataDir: string;
  /** Of the template's parameters. */
  readonly overrides: Readonly<Record<string, string>>;
}

function parse(args: readonly string[], project: Project | undefined) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...sourceOptions(project),
        thing: text,
        certificate: text,
        identity: text,
        'parameter-overrides': { ...text, multiple: true, default: [] },
        action: text,
        topic: text,
        'client-id': text,
        'source-ip': { ...text, default: '127.0.0.1' },
        'data-dir': { ...text, default: dataDirOf(project) },
        will: text,
        persistent: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new StartError((error as Error).message.split('. ')[0]!, { cause: error });
  }
}

/** A certificate ID, or that of the certificate in a file. */
function certificateIdOf(given: string): string {
  if (/^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
  if (!existsSync(given))
    throw new StartError(`--certificate ${given}: neither a file nor 64 hexadecimal digits`);
  try {
    return new X509Certificate(readFileSync(given)).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch (error) {
    throw new StartError(`--certificate ${given}: no certificate in it`, { cause: error });
  }
}

/** @returns undefined where the usage was requested. @throws StartError naming the option that is wrong. */
export function parsePolicyOptions(args: readonly string[], project?: Project): PolicyOptions | undefined {
  const { values, positionals } = parse(args, project);
  if (values.help || args.length === 0) return undefined;
  if (positionals.length !== 1 || positionals[0] !== 'explain')
    throw new StartError('the command is explain or prove');
  const { thing, certificate, identity, topic } = values;
  const action = explainedActions.find((each) => each === values.action);
  if (!action) throw new StartError(`--action is one of ${explainedActions.join(', ')}`);
  if (identity !== undefined && (thing !== undefined || certificate !== undefined))
    throw new StartError('--identity ID cannot be combined with --thing and --certificate: leave them out');
  if (thing === undefined && certificate === undefined && identity === undefined)
    throw new StartError('--thing NAME or --identity ID is required');
  if (certificate !== undefined && thing === undefined && values['client-id'] === undefined)
    throw new StartError('--certificate without --thing needs --client-id C');
  if ((action === 'connect') !== (topic === undefined))
    throw new StartError(action === 'connect' ? 'connect takes no --topic' : `${action} needs --topic X`);
  if (action !== 'connect' && (values.will !== undefined || values.persistent))
    throw new StartError('--will and --persistent belong to --action connect');
  return {
    thing,
    certificateId: certificate === undefined ? undefined : certificateIdOf(certificate),
    identityId: identity,
    action,
    topic,
    clientId: values['client-id'],
    sourceIp: values['source-ip'],
    willTopic: values.will,
    isPersistent: values.persistent,
    source: sourceOf(values, project),
    overrides: parseOverrides(values['parameter-overrides'], usageOf(project)),
    dataDir: values['data-dir'],
  };
}
