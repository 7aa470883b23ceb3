/** What looks like an address of some kind, though it may be none: it may hold credentials all the same. */
const ADDRESS = /^\s*[a-z][a-z0-9+.-]*:\/\//i;

/** A scheme, two slashes, or a name and a password: what an address begins with, also a mistyped one. */
const MAYBE_ADDRESS = /^\s*(?:[a-z][a-z0-9+.-]*:|[/\\]{2}|[^/\\@]*:[^@]*@)/i;

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source) && URL.canParse(source);
}

/** Whether a source is meant as an address, and is none that can be asked. */
export function isBadUrl(source: string): boolean {
  return ADDRESS.test(source) && !isUrl(source);
}

/** A source as it may be shown and kept: without what an address may hold of credentials. */
export function shownSource(source: string): string {
  if (isUrl(source)) {
    const url = new URL(source);
    url.username = '';
    url.password = '';
    url.search = '';
    url.hash = '';
    return url.href;
  }
  // Mistyped ones hold them, too (`https:/name:password@host`), and it cannot be told where they end: rather too little is shown.
  if (ADDRESS.test(source)) return source.replace(/[?#].*$/s, '').replace(/:\/\/.*@/s, '://');
  return MAYBE_ADDRESS.test(source) ? source.replace(/^.*@/s, '…@') : source;
}

/** What to fetch, and how to say who asks: a request may have no credentials in its address. */
export function withoutCredentials(url: URL): {
  readonly url: URL;
  readonly authorization?: string;
} {
  if (url.username === '' && url.password === '') return { url };
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const [name, password] = [url.username, url.password].map(decoded);
  return {
    url: bare,
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
