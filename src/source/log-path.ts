/**
 * A path on disk as its bytes, one character each (latin1): file names need not be valid UTF-8, and a
 * string takes half the memory of a Buffer. Show it with {@link displayPath}.
 */
export type LogPath = string & { readonly __logPath: true };

export function logPath(text: string): LogPath {
  return Buffer.from(text, 'utf8').toString('latin1') as LogPath;
}

export function joinLogPath(folder: LogPath, name: LogPath): LogPath {
  if (folder === '') return name;
  return (folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`) as LogPath;
}

const BEYOND_ASCII = /[^\0-\x7f]/;

/** What `node:fs` takes: the bytes, or, where that comes to the same, the text, which costs it less. */
export function pathBytes(path: LogPath): Buffer | string {
  return BEYOND_ASCII.test(path) ? Buffer.from(path, 'latin1') : path;
}

/** For messages: control characters and bytes that are not UTF-8 are shown escaped. */
export function displayPath(path: LogPath): string {
  return storedPath(path).replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * As UTF-8 text; of bytes that are none, or hold a byte order mark (which readers of text drop),
 * every byte above 0x7f and every `%` is written `%XX`
 * (cache/FORMAT.md section 7).
 */
export function storedPath(path: LogPath): string {
  if (!BEYOND_ASCII.test(path)) return path;
  try {
    const text = strict.decode(Buffer.from(path, 'latin1'));
    if (!text.includes('\ufeff')) return text;
  } catch {
    // Not UTF-8.
  }
  return path.replace(
    /[%\u0080-\u00ff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
