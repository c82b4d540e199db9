// A text message as a file: what the phone would show, below the few things that it would not.

export interface TextMessage {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
  readonly to: string;
  /** Of the topic; SNS puts it before the text. Empty: nothing is put there. */
  readonly displayName: string;
  /** What the message attribute AWS.SNS.SMS.SenderID asks for. */
  readonly senderId: string | undefined;
  readonly text: string;
}

const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');

/** What arrives on the phone. */
export function shownText({ displayName, text }: Pick<TextMessage, 'displayName' | 'text'>): string {
  return (displayName ? `${oneLine(displayName)}> ${text}` : text).toWellFormed();
}

/** @returns the file's text: headers, an empty line, and what arrives on the phone */
export function composeTextMessage(message: TextMessage): string {
  const headers = {
    To: message.to,
    From: message.senderId,
    Date: new Date(message.at).toISOString(),
    'Message-ID': message.id,
  };
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${oneLine(value!)}`);
  return `${lines.join('\n')}\n\n${shownText(message)}\n`;
}
