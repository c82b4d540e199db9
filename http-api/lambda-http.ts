// Converts events of API Gateway into web requests, and web responses into results.

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import type {
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayEventRequestContextV2,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import type { Signer } from './caller.ts';
import type { ApiCaller } from './route.ts';

/** What API Gateway reports about the signer in payload format 2.0 with IAM authorisation. */
interface IamAuthorizer {
  readonly iam?: {
    readonly userArn?: string | null;
    readonly cognitoIdentity?: {
      readonly identityId?: string | null;
      readonly identityPoolId?: string | null;
      readonly amr?: readonly string[] | null;
    } | null;
  };
}

export type HttpEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: IamAuthorizer }
>;

/** The caller of a public route: unknown, with the access of a guest. */
export const ANYBODY: ApiCaller = { id: 'anybody', isGuest: true, group: 'viewer' };

/** Throws an Error for an unsigned request: then the API differs from the template. */
export function signerOf({ requestContext }: HttpEvent): Signer {
  const { userArn, cognitoIdentity } = requestContext.authorizer?.iam ?? {};
  const id = cognitoIdentity?.identityId ?? userArn;
  if (!id)
    throw new Error('The request does not say who signed it: is IAM authorisation off for this route?');
  const amr = cognitoIdentity?.amr ?? [];
  if (!cognitoIdentity?.identityId) return { id, kind: 'account', poolId: undefined, amr };
  const kind = amr.includes('unauthenticated') ? 'guest' : 'user';
  return { id, kind, poolId: cognitoIdentity.identityPoolId ?? undefined, amr };
}

export function requestOf(event: HttpEvent): Request {
  const { rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext } = event;
  // API Gateway decodes the path, so characters that end or divide a path in a URL must be encoded again.
  const path = rawPath.replaceAll(/[?#\\\t\r\n]/g, encodeURIComponent).replaceAll(DOT_SEGMENT, encodeDots);
  const url = `https://${requestContext.domainName}${path}${rawQueryString && `?${rawQueryString}`}`;
  const { method } = requestContext.http;
  const init: RequestInit = {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, value ?? '']),
  };
  if (body === undefined || method === 'GET' || method === 'HEAD') return new Request(url, init);
  return new Request(url, { ...init, body: isBase64Encoded ? Buffer.from(body, 'base64') : body });
}

/** A URL with such a segment resolves to another route, for which API Gateway has not authorised the caller. */
const DOT_SEGMENT = /(?<=\/)(?:\.|%2e){1,2}(?=\/|$)/gi;

const encodeDots = (segment: string) => segment.replaceAll(/\.|%2e/gi, '%252e');

/** All answers are text. */
export async function resultOf(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    // Not `text()`, which drops a byte order mark.
    body: Buffer.from(await response.arrayBuffer()).toString(),
  };
}
