// Replaces `@smithy/signature-v4` in the functions of a world: a signature names the caller and the service, and nothing in a world checks its hash.

import { SignatureV4 as RealSignature } from '@smithy/signature-v4';

export * from '@smithy/signature-v4';

interface Request {
  readonly headers: Record<string, string>;
}

interface SigningOptions {
  readonly signingDate?: Date;
  readonly signingRegion?: string;
  readonly signingService?: string;
}

interface Signing {
  readonly service: string;
  readonly regionProvider: () => Promise<string>;
  readonly credentialProvider: () => Promise<{
    readonly accessKeyId: string;
    readonly sessionToken?: string;
  }>;
}

/** `20261102T000000Z` */
const stampOf = (date: Date) => date.toISOString().replaceAll(/[-:]|\.\d+/g, '');

async function signRequest(
  { service, regionProvider, credentialProvider }: Signing,
  request: Request,
  { signingDate = new Date(), signingRegion, signingService = service }: SigningOptions,
): Promise<object> {
  const { accessKeyId, sessionToken } = await credentialProvider();
  const region = signingRegion ?? (await regionProvider());
  const stamp = stampOf(signingDate);
  const scope = `${accessKeyId}/${stamp.slice(0, 8)}/${region}/${signingService}/aws4_request`;
  const headers = {
    ...request.headers,
    'x-amz-date': stamp,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=world`,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  return Object.assign(request, { headers });
}

/** Presigned URLs and other texts are signed as they are in the real one. */
export class SignatureV4 extends RealSignature {
  override sign(...given: never[]): Promise<never> {
    const [request, options = {}] = given as unknown as [Request | string, SigningOptions?];
    if (typeof request === 'object' && 'headers' in request && 'method' in request)
      return signRequest(this as unknown as Signing, request, options) as Promise<never>;
    return super.sign(...(given as unknown as [string])) as Promise<never>;
  }
}
