// Between the events of API Gateway and the requests and responses of the web.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import type {
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayEventRequestContextV2,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import type { Signer } from './caller.ts';
import type { ApiCaller } from './route.ts';

/** What API Gateway tells of who signed the request, in payload format 2.0 with IAM authorisation. */
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

/** Of a public route: nobody knows who, so that they may see what guests see. */
export const ANYBODY: ApiCaller = { id: 'anybody', isGuest: true, group: 'viewer' };

/** Throws an Error when nobody signed: then the API is not what the template says. */
export function signerOf({ requestContext }: HttpEvent): Signer {
  const { userArn, cognitoIdentity } = requestContext.authorizer?.iam ?? {};
  const id = cognitoIdentity?.identityId ?? userArn;
  if (!id) throw new Error('The request says nothing of who signed it: is IAM authorisation off?');
  const amr = cognitoIdentity?.amr ?? [];
  if (!cognitoIdentity?.identityId) return { id, kind: 'account', poolId: undefined, amr };
  const kind = amr.includes('unauthenticated') ? 'guest' : 'user';
  return { id, kind, poolId: cognitoIdentity.identityPoolId ?? undefined, amr };
}

export function requestOf(event: HttpEvent): Request {
  const { rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext } = event;
  // API Gateway decodes the path, so what ends a path in a URL, or divides it, must not stand there as it is.
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

/** A URL with such a segment is another route's URL, for which API Gateway has not authorised the caller. */
const DOT_SEGMENT = /(?<=\/)(?:\.|%2e){1,2}(?=\/|$)/gi;

const encodeDots = (segment: string) => segment.replaceAll(/\.|%2e/gi, '%252e');

/** Every answer of ours is text. */
export async function resultOf(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    // Not `text()`, which drops a byte order mark.
    body: Buffer.from(await response.arrayBuffer()).toString(),
  };
}
