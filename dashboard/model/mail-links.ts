// Splits an email's text at links to this page. Everything else stays text.

export interface Piece {
  readonly text: string;
  /** The link's hash, such as `#/device/fridge-1?from=1&to=2`. */
  readonly hash?: string;
}

/** @param origin the page's origin, such as `http://localhost:8080` */
export function piecesOf(text: string, origin: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: address, index } of text.matchAll(/https?:\/\/[^\s<>"]+/g)) {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url?.origin !== origin || !url.hash.startsWith('#/')) continue;
    if (index > done) pieces.push({ text: text.slice(done, index) });
    pieces.push({ text: address, hash: url.hash });
    done = index + address.length;
  }
  return done < text.length ? [...pieces, { text: text.slice(done) }] : pieces;
}
