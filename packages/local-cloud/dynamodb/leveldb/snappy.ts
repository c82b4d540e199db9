// Decompresses the blocks of LevelDB's files. https://github.com/google/snappy/blob/main/format_description.txt

/** Bytes that are read one after the other. */
interface Input {
  readonly bytes: Buffer;
  position: number;
}

/** The decompressed block, of which `size` bytes are written so far. */
interface Output {
  readonly bytes: Buffer;
  size: number;
}

function next(input: Input): number {
  if (input.position >= input.bytes.length) throw new Error('a Snappy block ends too early');
  return input.bytes[input.position++]!;
}

/** @param bytes its length. Little-endian. */
function integer(input: Input, bytes: number): number {
  let value = 0;
  for (let index = 0; index < bytes; index += 1) value += next(input) * 256 ** index;
  return value;
}

function varint(input: Input): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = next(input);
    value += (byte % 128) * factor;
    if (byte < 128) return value;
  }
}

/** Copies bytes of the input. */
function literal(input: Input, output: Output, tag: number): void {
  const short = tag >> 2;
  const length = (short < 60 ? short : integer(input, short - 59)) + 1;
  const end = input.position + length;
  if (end > input.bytes.length || output.size + length > output.bytes.length)
    throw new Error('a Snappy block has a literal that is too long');
  input.bytes.copy(output.bytes, output.size, input.position, end);
  input.position = end;
  output.size += length;
}

/** Repeats bytes that were written `offset` bytes before. */
function copy(output: Output, length: number, offset: number): void {
  const { bytes, size } = output;
  if (offset === 0 || offset > size || size + length > bytes.length)
    throw new Error('a Snappy block copies bytes that it does not have');
  // Byte by byte: a copy may repeat what it has just written.
  for (let place = size; place < size + length; place += 1) bytes[place] = bytes[place - offset]!;
  output.size += length;
}

/** @throws for bytes that are not Snappy's */
export function decompress(bytes: Buffer): Buffer {
  const input: Input = { bytes, position: 0 };
  const output: Output = { bytes: Buffer.alloc(varint(input)), size: 0 };
  while (input.position < bytes.length) {
    const tag = next(input);
    const kind = tag & 3;
    if (kind === 0) literal(input, output, tag);
    else if (kind === 1) copy(output, 4 + ((tag >> 2) & 7), (tag >> 5) * 256 + next(input));
    else copy(output, (tag >> 2) + 1, integer(input, kind === 2 ? 2 : 4));
  }
  if (output.size !== output.bytes.length) throw new Error('a Snappy block is shorter than it says');
  return output.bytes;
}
