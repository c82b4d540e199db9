// Composes an email (RFC 5322). nodemailer encodes every header, so that a message cannot add one.

import MailComposer from 'nodemailer/lib/mail-composer';

export interface Email {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Becomes the Message-ID, so it must be unique. */
  readonly id: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  /** Absent: SNS's default subject. */
  readonly subject: string | undefined;
  readonly text: string;
  readonly topicArn: string;
  readonly subscriptionArn: string;
}

/** @returns the bytes of an `.eml` file, lines ending in CRLF */
export function composeEmail(email: Email): Promise<Buffer> {
  const composer = new MailComposer({
    from: { ...email.from },
    to: { name: '', address: email.to },
    subject: email.subject ?? 'AWS Notification Message',
    // A carriage return alone is not a line break in RFC 5322, and is not allowed in it either.
    text: email.text.toWellFormed().replaceAll(/\r\n?/g, '\n'),
    date: new Date(email.at),
    messageId: `<${email.id}@${email.from.address.slice(email.from.address.lastIndexOf('@') + 1)}>`,
    newline: 'windows',
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Amz-Sns-Topic-Arn': email.topicArn,
      'X-Amz-Sns-Subscription-Arn': email.subscriptionArn,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
