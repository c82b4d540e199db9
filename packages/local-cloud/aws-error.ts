// The one error that the local cloud's AWS APIs answer with: AWS's own code and HTTP status, whatever the wire format.

export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error, where its shape has them. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, details: AwsError['details'] = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}
