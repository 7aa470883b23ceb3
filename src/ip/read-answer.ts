/**
 * Read the body of an answer, decompressed, up to a limit: what a server sends has no end that it must keep to. Leaving off ends the download.
 *
 * @returns undefined when there is more
 */
export async function readAnswer(
  { body }: Response,
  limitBytes: number,
): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > limitBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
