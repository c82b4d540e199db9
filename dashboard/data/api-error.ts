// The errors of API requests: a sentence for the user, and details for an investigation.

/** A request that failed: a sentence for the user, and details for support. */
export class ApiError extends Error {
  readonly status: number;
  /** For an investigation of the failure: method, path, status and request ID. */
  readonly details: string;
  constructor(status: number, message: string, details: string) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** Any error as an `ApiError`, so that views can show it. */
export const asApiError = (error: unknown) =>
  error instanceof ApiError
    ? error
    : new ApiError(0, (error as Error).message, String((error as Error).stack ?? error).slice(0, 300));
