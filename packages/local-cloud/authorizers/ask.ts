// Asks the function of an authorizer about one client, and reads its answer as AWS does.
// https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html

import type { Clock } from '../clock.ts';
import { compilePolicy, type Statement } from '../policies/document.ts';
import type { Invoke } from '../provisioning/hook.ts';
import { signatureProblem, type Authorizer, type Shown } from './authorizer.ts';

/** How a client came. */
export interface Arrival extends Shown {
  readonly connectionId: string;
  readonly serverName?: string | undefined;
  readonly mqtt?: {
    readonly username?: string | undefined;
    /** Base64. */
    readonly password?: string | undefined;
    readonly clientId?: string | undefined;
  };
  readonly http?: { readonly headers: Readonly<Record<string, string>>; readonly queryString: string };
}

export interface Verdict {
  readonly principalId: string;
  /** JSON texts. */
  readonly documents: readonly string[];
  readonly statements: readonly Statement[];
  readonly disconnectAfterInSeconds: number;
  readonly refreshAfterInSeconds: number;
}

/** The client is not let in; the message is for the log, and for who tests an authorizer. */
export class Denial extends Error {
  override readonly name = 'Denial';
}

/** AWS gives an authorizer's function five seconds. */
const ANSWER_MS = 5_000;
const MOST_DOCUMENTS = 10;
const SHORTEST_SECONDS = 300;
const LONGEST_SECONDS = 86_400;

function eventOf({ isSigned }: Authorizer, arrival: Arrival): object {
  const { token, serverName, mqtt, http, connectionId } = arrival;
  return {
    token,
    signatureVerified: isSigned,
    protocols: ['tls', ...(http ? ['http'] : []), ...(mqtt ? ['mqtt'] : [])],
    protocolData: { tls: { serverName }, http, mqtt },
    connectionMetadata: { id: connectionId },
  };
}

function inTime<T>(clock: Clock, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const cancel = clock.after(ANSWER_MS, () => reject(new Denial('its function took over 5 seconds')));
  work.then(resolve, reject).finally(cancel);
  return promise;
}

function parse(payload: string): Readonly<Record<string, unknown>> {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    throw new Denial('its function answered no JSON');
  }
  if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
  throw new Denial(`its function answered ${payload.slice(0, 200)}, not an object`);
}

function secondsOf(answer: Readonly<Record<string, unknown>>, member: string): number {
  const value = answer[member];
  if (Number.isInteger(value) && Number(value) >= SHORTEST_SECONDS && Number(value) <= LONGEST_SECONDS)
    return Number(value);
  throw new Denial(`its function's ${member} is not a number from ${SHORTEST_SECONDS} to ${LONGEST_SECONDS}`);
}

function documentsOf({ policyDocuments }: Readonly<Record<string, unknown>>): string[] {
  if (!Array.isArray(policyDocuments) || policyDocuments.length > MOST_DOCUMENTS)
    throw new Denial(`its function's policyDocuments is not a list of up to ${MOST_DOCUMENTS}`);
  return policyDocuments.map((each: unknown) => (typeof each === 'string' ? each : JSON.stringify(each)));
}

function compile(name: string, documents: readonly string[]): Statement[] {
  try {
    return documents.flatMap((each, index) =>
      compilePolicy(`policy ${index + 1} of authorizer ${name}`, each),
    );
  } catch (error) {
    throw new Denial((error as Error).message);
  }
}

function verdictOf(name: string, payload: string): Verdict {
  const answer = parse(payload);
  if (answer['isAuthenticated'] !== true) throw new Denial('its function did not authenticate the client');
  const { principalId } = answer;
  if (typeof principalId !== 'string' || !/^[a-zA-Z0-9]{1,128}$/.test(principalId))
    throw new Denial("its function's principalId is not 1 to 128 of a-z A-Z 0-9");
  if (/^[0-9a-f]{64}$/.test(principalId))
    throw new Denial("its function's principalId is like the ID of a certificate");
  const documents = documentsOf(answer);
  return {
    ...{ principalId, documents, statements: compile(name, documents) },
    disconnectAfterInSeconds: secondsOf(answer, 'disconnectAfterInSeconds'),
    refreshAfterInSeconds: secondsOf(answer, 'refreshAfterInSeconds'),
  };
}

/** @throws Denial when the signature is not good, or the function fails, refuses or gives an invalid answer */
export async function askAuthorizer(
  { invoke, clock }: { readonly invoke: Invoke; readonly clock: Clock },
  authorizer: Authorizer,
  arrival: Arrival,
): Promise<Verdict> {
  const problem = signatureProblem(authorizer, arrival);
  if (problem !== undefined) throw new Denial(problem);
  const event = JSON.stringify(eventOf(authorizer, arrival));
  const { payload, functionError } = await inTime(clock, invoke(authorizer.functionArn, event));
  if (functionError) throw new Denial(`its function failed: ${payload.slice(0, 500)}`);
  return verdictOf(authorizer.name, payload);
}
