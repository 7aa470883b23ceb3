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
  return readable(path).replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Not another for each path, but what somebody would look for. */
function readable(path: LogPath): string {
  return BEYOND_ASCII.test(path) ? (textOf(path) ?? escaped(path)) : path;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * As UTF-8 text, another for each path; of bytes that are none, or hold a byte order mark (which readers of text drop),
 * every byte above 0x7f and every `%` is written `%XX`. A path that looks like what is so written of another has its `%`
 * written `%25` (cache/FORMAT.md section 7).
 */
export function storedPath(path: LogPath): string {
  if (BEYOND_ASCII.test(path)) return textOf(path) ?? escaped(path);
  return looksEscaped(path) ? escaped(path) : path;
}

/** @returns undefined for bytes that are no UTF-8 text, or that readers would not leave as they are */
function textOf(path: LogPath): string | undefined {
  try {
    const text = strict.decode(Buffer.from(path, 'latin1'));
    return text.includes('\ufeff') ? undefined : text;
  } catch {
    return undefined;
  }
}

function escaped(path: string): string {
  return path.replace(
    /[%\u0080-\u00ff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Whether an ASCII path is the text of another one. Each step back is shorter. */
function looksEscaped(path: string): boolean {
  if (!path.includes('%')) return false;
  const other = path.replace(/%(25|[89A-F][0-9A-F])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  ) as LogPath;
  if (other === path || escaped(other) !== path) return false;
  return BEYOND_ASCII.test(other) ? textOf(other) === undefined : looksEscaped(other);
}
