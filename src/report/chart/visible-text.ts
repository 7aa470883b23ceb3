/**
 * A text as a page may hold it: control characters, which HTML forbids or swallows, as their pictures (U+2400 on), half a
 * surrogate pair as U+FFFD.
 */
export function visibleText(text: string): string {
  return wellFormed(text)
    .replace(/[\0-\x1f\x7f]/g, (character) =>
      character === '\x7f' ? '\u2421' : String.fromCharCode(0x2400 + character.charCodeAt(0)),
    )
    .replace(/[\x80-\x9f]/g, '\ufffd');
}

/** Half a surrogate pair, which no address can hold, as U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
