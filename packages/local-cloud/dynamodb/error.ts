// The errors that DynamoDB answers with, with the prefixes of its wire format.

const SERVICE = 'com.amazonaws.dynamodb.v20120810#';
const PREFIXES: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate#',
  SerializationException: 'com.amazon.coral.service#',
  AccessDeniedException: 'com.amazon.coral.service#',
};

/** The error with which DynamoDB refuses a request. */
export class DynamoError extends Error {
  readonly code: string;
  readonly status: number;
  /** Members of the answer beside `__type` and `message`, such as `Item`. */
  readonly details: object;

  constructor(code: string, message: string, details: object = {}, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** The error as JSON for the wire. */
export function bodyOf({ code, message, details }: DynamoError): string {
  return JSON.stringify({ __type: (PREFIXES[code] ?? SERVICE) + code, message, ...details });
}

export const validationError = (message: string) => new DynamoError('ValidationException', message);
export const serializationError = (message: string) => new DynamoError('SerializationException', message);
export const notFound = (message: string) => new DynamoError('ResourceNotFoundException', message);
export const inUse = (message: string) => new DynamoError('ResourceInUseException', message);

/** A fault of this code or of the disk; SDKs retry. */
export const serverError = (message: string) => new DynamoError('InternalServerError', message, {}, 500);

const ENVELOPE = '1 validation error detected: ';

/** Some operations wrap problems of a request in these words, if they find them before they look up the table. */
export function inEnvelope<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof DynamoError) || error.code !== 'ValidationException') throw error;
    throw validationError(ENVELOPE + error.message);
  }
}

/** @throws ValidationException if there is a problem */
export function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw validationError(problem);
}
