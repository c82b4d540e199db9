// Cuts a mail's text where it links to this page; whatever else stands in it stays text.

export interface Piece {
  readonly text: string;
  /** The view that the link leads to, such as `#/device/fridge-1?from=1&to=2`. */
  readonly hash?: string;
}

/** @param origin of the page, such as `http://localhost:8080` */
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
