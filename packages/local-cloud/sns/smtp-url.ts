// Reads SMTP_URL, which has a password, and keeps the password out of logs.

import { StartError } from '../start-error.ts';
import { isEmailAddress } from './endpoints.ts';

export interface SmtpServer {
  /** For nodemailer. */
  readonly url: string;
  /** For people: host and port. */
  readonly host: string;
  /** The sender: `?from=` of the URL, or its user when that is an email address. */
  readonly from: string | undefined;
  /** Removes user and password from a text, in every form that SMTP uses. */
  redact(text: string): string;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parse(smtpUrl: string): URL | undefined {
  const url = URL.parse(smtpUrl);
  return url && (url.protocol === 'smtp:' || url.protocol === 'smtps:') && url.hostname ? url : undefined;
}

/** @throws StartError, without the URL, which may have a password */
export function parseSmtpUrl(smtpUrl: string): SmtpServer {
  const url = parse(smtpUrl);
  if (!url) {
    throw new StartError(
      'SMTP_URL is not an address of a mail server: set it to smtp://user:password@host:port (smtps:// for TLS from the start), or unset it',
    );
  }
  const [user, password] = [decoded(url.username), decoded(url.password)];
  const asked = url.searchParams.get('from');
  if (asked !== null && !isEmailAddress(asked)) {
    throw new StartError(
      'SMTP_URL has a from that is not an email address: set it like ?from=alerts@example.com',
    );
  }
  url.searchParams.delete('from');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secrets = [password, url.password, base64(password), base64(`\u0000${user}\u0000${password}`)];
  return {
    url: url.href,
    host: url.host,
    from: asked ?? (isEmailAddress(user) ? user : undefined),
    redact: (text) =>
      secrets
        .filter((secret) => secret !== '')
        .reduce((rest, secret) => rest.replaceAll(secret, '***'), text),
  };
}
