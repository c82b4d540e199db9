// The one error of the local cloud's AWS APIs: AWS's own code and HTTP status, independent of the wire format.

export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of errors that have any. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, details: AwsError['details'] = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}
