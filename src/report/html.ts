import type { Shape } from './chart/shape.js';
import { visibleText } from './chart/visible-text.js';

/** Text that is markup already. Only {@link html}, {@link shapeHtml} and {@link trusted} make it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlPart = string | number | bigint | Html | false | undefined | readonly HtmlPart[];

/**
 * Markup with values in it. Whatever is no {@link Html} is escaped, for text and for attributes in double quotes: a value must
 * stand in one of these two places. Lists are joined, `false` and `undefined` are nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.reduce((text, string, i) => `${text}${markup(parts[i - 1])}${string}`));
}

/** Markup that this program has written itself: never anything that holds data. */
export function trusted(markupOfOurs: string): Html {
  return new Html(markupOfOurs);
}

/** A drawing as markup. */
export function shapeHtml([tag, attributes, ...children]: Shape): Html {
  const named = Object.entries(attributes).map(
    ([name, value]) => html` ${trusted(name)}="${value}"`,
  );
  const inner = children.map((child) => (typeof child === 'string' ? child : shapeHtml(child)));
  return html`<${trusted(tag)}${named}>${inner}</${trusted(tag)}>`;
}

/** From how many characters on a name may be cut on the screen, and is told in a tooltip. */
const LONG_NAME = 32;

/** A name that others chose: it cannot turn the text around it, and is cut by the style sheet where it is too long. */
export function nameHtml(name: string): Html {
  return name.length > LONG_NAME
    ? html`<bdi class="name" title="${name}">${name}</bdi>`
    : html`<bdi class="name">${name}</bdi>`;
}

export function sizeOf(markupText: Html): number {
  return Buffer.byteLength(markupText.text);
}

function markup(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(markup).join('');
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
