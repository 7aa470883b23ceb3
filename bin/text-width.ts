import { printable } from './output.js';

/** Marks that stand on the character before them, and what joins characters. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** East Asian scripts, and pictures: a terminal gives each two columns. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a text takes, as far as that can be told. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** A text of no more than so many columns: what is cut ends in a mark one column wide. */
export function cutText(text: string, columns: number, mark = '…'): string {
  if (text.length <= columns && PLAIN.test(text)) return text;
  let width = 0;
  let kept = '';
  let isFull = false;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return kept + mark;
    if (!isFull && width <= columns - 1) kept += character;
    else isFull = true;
  }
  return text;
}

/** As {@link cutText}, but the end stays, too: of a path it says the most. */
export function cutMiddle(text: string, columns: number, mark = '…'): string {
  if (textWidth(text) <= columns) return text;
  const end: string[] = [];
  let width = 0;
  for (const character of [...text].reverse()) {
    width += widthOf(character);
    if (width > Math.floor((columns - 1) / 2)) break;
    end.unshift(character);
  }
  const tail = end.join('');
  return cutText(text, columns - textWidth(tail), mark) + tail;
}

/** A text with spaces before or behind it. */
export function padText(text: string, columns: number, isRight = false): string {
  const spaces = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return isRight ? spaces + text : text + spaces;
}

function widthOf(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** A text in one line: line ends and tabs would break a table, what moves a cursor would do more. */
export function oneLine(text: string): string {
  return printable(
    text.replace(/[\t\n\r]/g, (c) => (c === '\n' ? '\\n' : c === '\t' ? '\\t' : '\\r')),
  );
}
