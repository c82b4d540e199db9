// Limits the time of each call to an AWS service, so that a service that stops answering fails one call and not the whole function.

/** Limits a call with all its attempts. Each limit is below the time of the functions that make the call. */
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
 * DynamoDB answers in milliseconds, so four seconds of silence mean a lost packet or a dead host, and another attempt
 * reaches another host. API Gateway gives up after 29 s, and a function of 30 s needs time to report what it left
 * undone.
 */
export const DYNAMODB_LIMITS: CallLimits = {
  attempts: 3,
  connectionMs: 1000,
  answerMs: 4000,
  waitMs: 1000,
};

/** S3 receives objects of up to some megabytes, and is occasionally slow with one. */
export const S3_LIMITS: CallLimits = { attempts: 2, connectionMs: 2000, answerMs: 6000, waitMs: 1000 };

/** A file of the parsed archive has tens of megabytes, which a small function uploads in seconds. */
export const S3_FILE_LIMITS: CallLimits = { attempts: 3, connectionMs: 2000, answerMs: 60_000, waitMs: 2000 };

/** A second attempt may send a message twice, so the first one gets longer. A claim on a notification outlasts both. */
export const SNS_LIMITS: CallLimits = { attempts: 2, connectionMs: 3000, answerMs: 8000, waitMs: 1000 };

/** The registry answers in tens of milliseconds, and throttles early: hence three attempts. A login waits ten seconds. */
export const IOT_LIMITS: CallLimits = { attempts: 3, connectionMs: 1000, answerMs: 2500, waitMs: 900 };

/** A user pool answers in tens of milliseconds; a user's first request to an environment waits for it. */
export const USER_POOL_LIMITS: CallLimits = { attempts: 3, connectionMs: 1000, answerMs: 2000, waitMs: 500 };

/** AWS IoT waits five seconds for the provisioning hook, which makes two calls, one after the other. */
export const HOOK_LIMITS: CallLimits = { attempts: 2, connectionMs: 1000, answerMs: 1000, waitMs: 200 };

/** KMS signs in tens of milliseconds, some hundred times a second at least. */
export const KMS_LIMITS: CallLimits = { attempts: 3, connectionMs: 2000, answerMs: 4000, waitMs: 1000 };

/** A replayed message takes as long as the ingest function; a second attempt would be safe, but wait too long. */
export const LAMBDA_LIMITS: CallLimits = {
  attempts: 1,
  connectionMs: 1000,
  answerMs: 12_000,
  waitMs: 0,
};

/** The longest time of a call in milliseconds, with all its attempts and the waits between them. */
export function longestCallMs({ attempts, answerMs, waitMs }: CallLimits): number {
  return attempts * answerMs + (attempts - 1) * waitMs;
}

/** The limits as settings for a new SDK client. */
export function limitSettings({ attempts, connectionMs, answerMs }: CallLimits) {
  return {
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: Math.min(connectionMs, answerMs),
      requestTimeout: answerMs,
      socketTimeout: answerMs,
      // Otherwise the SDK only logs it, and waits for ever.
      throwOnRequestTimeout: true,
    },
  };
}

/** Thrown when a service did not answer in time, with the SDK's own error as its cause if the SDK gave up first. */
export class ServiceTimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

type Handle = (args: object) => Promise<object>;

/** The part of the middleware stack that all SDK clients share. */
interface Middleware {
  add(
    middleware: (next: Handle, context: { readonly commandName?: string }) => Handle,
    options: { readonly step: 'initialize'; readonly name: string; readonly priority: 'high' },
  ): void;
}

/**
 * Ends every call of the client within `longestCallMs`, with an error that names the service and the operation. Gives
 * the client.
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

/** The SDK also reports a cut connection as a timeout; its own message is clearer then. */
const CUT = ['ECONNRESET', 'EPIPE'];

function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'TimeoutError') return false;
  return !(error instanceof ServiceTimeoutError) && !CUT.includes(String((error as { code?: unknown }).code));
}
