// A text message as a file: headers, then the text that the phone would show.

export interface TextMessage {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
  readonly to: string;
  /** Of the topic; SNS puts it before the text, unless it is empty. */
  readonly displayName: string;
  /** The value of the message attribute AWS.SNS.SMS.SenderID. */
  readonly senderId: string | undefined;
  readonly text: string;
}

const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');

/** The text on the phone. */
export function shownText({ displayName, text }: Pick<TextMessage, 'displayName' | 'text'>): string {
  return (displayName ? `${oneLine(displayName)}> ${text}` : text).toWellFormed();
}

/** @returns the file's text: headers, an empty line, and the text on the phone */
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
