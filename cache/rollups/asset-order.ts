/**
 * An asset path in a form whose order, character by character, is that of its components: the
 * shorter list first, and components by bytes. `/` becomes the lowest character; the two lowest
 * that a path may hold make room for it.
 *
 * @param path bytes as Latin-1; empty for "no path"
 */
export function assetOrder(path: string): string {
  if (path === '') return '.';
  const escaped = LOW.test(path)
    ? path.replaceAll('\u0001', '\u0001\u0002').replaceAll('\u0000', '\u0001\u0001')
    : path;
  return escaped.replaceAll('/', '\u0000');
}

/** Undo {@link assetOrder}. @returns the path as text */
export function assetPath(order: string): string {
  let path = order.replaceAll('\u0000', '/');
  if (path.includes('\u0001')) {
    path = path.replace(/\u0001[\u0001\u0002]/g, (two) =>
      two[1] === '\u0001' ? '\u0000' : '\u0001',
    );
  }
  return textOfLatin1(path);
}

/** UTF-8 bytes that were read as Latin-1, as text. */
export function textOfLatin1(bytes: string): string {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

const LOW = /[\u0000\u0001]/;
const ASCII = /^[\u0000-\u007f]*$/;
