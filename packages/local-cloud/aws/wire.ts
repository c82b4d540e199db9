// Writes the answers of the AWS port: JSON, REST JSON, the query protocol's XML and S3's XML.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsError } from '../aws-error.ts';
import { printableLines } from '../log.ts';
import { renderXml, type XmlElements } from './xml.ts';

/** Who signed a request with the temporary credentials of an identity pool. */
export interface Caller {
  readonly cognitoIdentityId: string;
  readonly cognitoIdentityPoolId: string;
}

/**
 * Serves one request of one AWS service; what it throws is answered in the service's own error format. Without `caller`
 * it is the account itself that calls.
 */
export type AwsHandler = (req: IncomingMessage, res: ServerResponse, caller?: Caller) => void | Promise<void>;

/** Adds to a running total. */
export type Count = (name: string, by?: number) => void;

export type ErrorFormat = 'json' | 's3' | 'query';

/** The id that the AWS port gave this request. */
export const requestIdOf = (res: ServerResponse): string => String(res.getHeader('x-amzn-requestid') ?? '');

/** The second id of a request of S3. */
export const hostIdOf = (requestId: string): string => Buffer.from(requestId).toString('base64');

export function send(res: ServerResponse, status: number, contentType: string, body: string): void {
  const bytes = Buffer.from(body);
  res.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
  res.end(res.req.method === 'HEAD' ? undefined : bytes);
}

/** `contentType`: `application/x-amz-json-1.0` or `-1.1` for the JSON protocols, `application/json` for REST. */
export function sendJson(
  res: ServerResponse,
  value: unknown,
  status = 200,
  contentType = 'application/json',
) {
  send(res, status, contentType, JSON.stringify(value));
}

export function sendXml(res: ServerResponse, root: string, value: XmlElements, status = 200): void {
  send(res, status, 'application/xml', renderXml(root, value));
}

const faultOf = (status: number) => (status < 500 ? 'Sender' : 'Receiver');

type ErrorFields = Pick<AwsError, 'code' | 'message' | 'status' | 'details'>;

const ERROR_WRITERS: Readonly<Record<ErrorFormat, (res: ServerResponse, error: ErrorFields) => void>> = {
  json(res, error) {
    res.setHeader('x-amzn-errortype', error.code);
    const type = res.req.headers['content-type'] ?? '';
    const contentType = type.startsWith('application/x-amz-json')
      ? type.split(';', 1)[0]!
      : 'application/json';
    sendJson(res, { __type: error.code, message: error.message }, error.status, contentType);
  },
  s3(res, error) {
    const requestId = requestIdOf(res);
    const resource = res.req.url?.split('?', 1)[0];
    const fields = {
      ...{ Code: error.code, Message: error.message, ...error.details },
      ...{ Resource: resource, RequestId: requestId, HostId: hostIdOf(requestId) },
    };
    sendXml(res, 'Error', fields, error.status);
  },
  query(res, error) {
    const detail = { Type: faultOf(error.status), Code: error.code, Message: error.message };
    const requestId = requestIdOf(res);
    const root = 'ErrorResponse';
    sendXml(res, root, { Error: detail, RequestId: requestId }, error.status);
  },
};

/** Answers with `error`. An answer that has begun is cut off instead, so that no client takes it for complete. */
export function sendError(res: ServerResponse, error: AwsError, format: ErrorFormat): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (!res.req.complete) res.setHeader('connection', 'close');
  // An error may quote a request, and is shown on a terminal.
  const { code, status, message, details } = error;
  ERROR_WRITERS[format](res, { code, status, message: printableLines(message), details });
}
