// How long a call to an AWS service may take, so that a service that falls silent fails one call and not the whole function.

/** Bounds a call with all its attempts. Each bound is below the time that the functions have which make the call. */
export interface CallLimits {
  readonly attempts: number;
  /** To connect, TLS included; part of an attempt. */
  readonly connectionMs: number;
  /** One attempt, from the connection to the beginning of the answer; also the longest silence within an answer. */
  readonly answerMs: number;
  /** Allowed for each wait between two attempts. */
  readonly waitMs: number;
}

/**
 * DynamoDB answers in milliseconds, so four seconds of silence are a lost packet or a dead host, and another attempt goes
 * elsewhere. The API gives up a function after 29 s, and a function of 30 s needs time to report what it left undone.
 */
export const DYNAMODB_LIMITS: CallLimits = {
  attempts: 3,
  connectionMs: 1000,
  answerMs: 4000,
  waitMs: 1000,
};

/** S3 takes objects of up to some megabytes, and is now and then slow with one of them. */
export const S3_LIMITS: CallLimits = { attempts: 2, connectionMs: 2000, answerMs: 6000, waitMs: 1000 };

/** A file of the parsed archive has tens of megabytes, which a small function sends in seconds. */
export const S3_FILE_LIMITS: CallLimits = { attempts: 3, connectionMs: 2000, answerMs: 60_000, waitMs: 2000 };

/** A second attempt may send a message twice, so SNS gets longer for the first. A claim on a notification lasts longer than both. */
export const SNS_LIMITS: CallLimits = { attempts: 2, connectionMs: 3000, answerMs: 8000, waitMs: 1000 };

/** The registry answers in tens of milliseconds, and throttles early: hence three attempts. A login waits ten seconds. */
export const IOT_LIMITS: CallLimits = { attempts: 3, connectionMs: 1000, answerMs: 2500, waitMs: 900 };

/** A user pool answers in tens of milliseconds; every request of somebody who is new to the environment waits for it. */
export const USER_POOL_LIMITS: CallLimits = { attempts: 3, connectionMs: 1000, answerMs: 2000, waitMs: 500 };

/** AWS IoT waits five seconds for the provisioning hook, in which it makes two calls, one after the other. */
export const HOOK_LIMITS: CallLimits = { attempts: 2, connectionMs: 1000, answerMs: 1000, waitMs: 200 };

/** A replayed message takes as long as the ingest function does; a second attempt would count nothing twice, but wait too long. */
export const LAMBDA_LIMITS: CallLimits = {
  attempts: 1,
  connectionMs: 1000,
  answerMs: 12_000,
  waitMs: 0,
};

/** How long a call may take at most, in milliseconds, with all its attempts and the waits between them. */
export function longestCallMs({ attempts, answerMs, waitMs }: CallLimits): number {
  return attempts * answerMs + (attempts - 1) * waitMs;
}

/** What an SDK client needs to know of the limits when it is made. */
export function limitSettings({ attempts, connectionMs, answerMs }: CallLimits) {
  return {
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: Math.min(connectionMs, answerMs),
      requestTimeout: answerMs,
      socketTimeout: answerMs,
      // Or it would be logged, and waited for without an end.
      throwOnRequestTimeout: true,
    },
  };
}

/** Thrown when a service did not answer in time, with the SDK's own error as cause where it gave up first. */
export class ServiceTimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

type Handle = (args: object) => Promise<object>;

/** What the SDK's clients have in common of their middleware. */
interface Middleware {
  add(
    middleware: (next: Handle, context: { readonly commandName?: string }) => Handle,
    options: { readonly step: 'initialize'; readonly name: string; readonly priority: 'high' },
  ): void;
}

/**
 * Ends every call of the client within `longestCallMs`, whatever holds it up, with an error that names the service and the
 * operation. Gives the client.
 */
export function withinLimits<Client extends { readonly middlewareStack: unknown }>(
  client: Client,
  service: string,
  limits: CallLimits,
): Client {
  (client.middlewareStack as Middleware).add(
    (next, { commandName = 'a call' }) =>
      async (args) => {
        const { promise: isOver, reject } = Promise.withResolvers<never>();
        const timer = setTimeout(
          () => reject(timeoutOf(service, commandName, limits)),
          longestCallMs(limits),
        );
        try {
          return await Promise.race([next(args), isOver]);
        } catch (error) {
          if (!isTimeout(error)) throw error;
          throw timeoutOf(service, commandName, limits, error);
        } finally {
          clearTimeout(timer);
        }
      },
    { step: 'initialize', name: 'withinLimits', priority: 'high' },
  );
  return client;
}

function timeoutOf(
  service: string,
  commandName: string,
  { attempts, answerMs }: CallLimits,
  cause?: unknown,
): ServiceTimeoutError {
  const operation = commandName.replace(/Command$/, '');
  const message = `${service} did not answer ${operation} in time: ${attempts} attempts of ${answerMs} ms`;
  return new ServiceTimeoutError(message, cause === undefined ? {} : { cause });
}

/** The SDK calls a connection that was cut a timeout, too: what it says of itself is plainer. */
const CUT = ['ECONNRESET', 'EPIPE'];

function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'TimeoutError') return false;
  return !(error instanceof ServiceTimeoutError) && !CUT.includes(String((error as { code?: unknown }).code));
}
