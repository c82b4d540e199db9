// Reads the texts that a run left: emails, and the objects of the errors bucket.

export interface Mail {
  /** Epoch milliseconds, by the stack's clock. */
  readonly at: number;
  readonly subject: string;
  readonly text: string;
}

export interface RejectedObject {
  readonly traceId: string;
  readonly reasons: readonly string[];
}

export interface Rejections {
  readonly rejected: readonly RejectedObject[];
  /** The texts of the other objects in the errors bucket. */
  readonly errors: readonly string[];
}

export function rejectedOf(files: readonly string[]): Rejections {
  const rejected: RejectedObject[] = [];
  const errors: string[] = [];
  for (const text of files) {
    const object = JSON.parse(text) as {
      traceId?: string;
      rejected?: readonly { readonly index?: number; readonly reason: string }[];
    };
    if (object.rejected && object.traceId !== undefined) {
      const reasons = object.rejected.map(({ index, reason }) => `${index ?? '-'} ${reason}`).sort();
      rejected.push({ traceId: object.traceId, reasons });
    } else {
      errors.push(withDecoded(text));
    }
  }
  return { rejected, errors };
}

/** Error actions keep the payload as base64. */
const withDecoded = (text: string) =>
  text +
  [...text.matchAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g)]
    .map(([, code]) => Buffer.from(code!, 'base64').toString())
    .join('\n');

/** An email's file name begins with its time, such as `20261130T200504.471Z`. */
export function mailOf(name: string, source: string): Mail {
  const [, date, time] = /^(\d{8})T([\d.]+)Z/.exec(name) ?? [];
  const iso = `${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time?.replace(/^(..)(..)/, '$1:$2:')}Z`;
  const [, head = '', body = ''] = /^(.*?)\r?\n\r?\n(.*)$/s.exec(source) ?? [];
  const subject = /^Subject: (.*(?:\r?\n[ \t].*)*)/m.exec(head)?.[1]?.replaceAll(/\r?\n[ \t]/g, ' ') ?? '';
  const isQuoted = /^Content-Transfer-Encoding: quoted-printable/im.test(head);
  const isBase64 = /^Content-Transfer-Encoding: base64/im.test(head);
  const text = isBase64 ? Buffer.from(body, 'base64').toString() : isQuoted ? unquoted(body) : body;
  return { at: Date.parse(iso), subject, text };
}

/** https://www.rfc-editor.org/rfc/rfc2045#section-6.7 */
function unquoted(body: string): string {
  const bytes = body
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
