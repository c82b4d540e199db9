// The one error that the local cloud's AWS APIs answer with: AWS's own code and HTTP status, whatever the wire format.

export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}
