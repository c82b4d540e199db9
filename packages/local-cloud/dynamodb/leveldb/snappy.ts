// Decompresses the blocks of LevelDB's files. https://github.com/google/snappy/blob/main/format_description.txt

/** @throws for bytes that are not Snappy's */
export function decompress(input: Buffer): Buffer {
  let position = 0;
  const next = (): number => {
    if (position >= input.length) throw new Error('a Snappy block ends too early');
    return input[position++]!;
  };
  const integer = (bytes: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index += 1) value += next() * 256 ** index;
    return value;
  };

  let size = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = next();
    size += (byte % 128) * factor;
    if (byte < 128) break;
  }
  const output = Buffer.alloc(size);
  let written = 0;

  function literal(tag: number): void {
    const short = tag >> 2;
    const length = (short < 60 ? short : integer(short - 59)) + 1;
    if (position + length > input.length || written + length > size)
      throw new Error('a Snappy block has a literal that is too long');
    input.copy(output, written, position, position + length);
    position += length;
    written += length;
  }

  function copy(length: number, offset: number): void {
    if (offset === 0 || offset > written || written + length > size)
      throw new Error('a Snappy block has a copy of what is not there');
    // Byte by byte: a copy may repeat what it has just written.
    for (let index = 0; index < length; index += 1, written += 1) output[written] = output[written - offset]!;
  }

  while (position < input.length) {
    const tag = next();
    const kind = tag & 3;
    if (kind === 0) literal(tag);
    else if (kind === 1) copy(4 + ((tag >> 2) & 7), (tag >> 5) * 256 + next());
    else copy((tag >> 2) + 1, integer(kind === 2 ? 2 : 4));
  }
  if (written !== size) throw new Error('a Snappy block is shorter than it says');
  return output;
}
