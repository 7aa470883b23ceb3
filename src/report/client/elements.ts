import { formatBytes, formatCount } from '../../../cache/count-text.js';
import type { Shape } from '../chart/shape.js';
import { visibleText } from '../chart/visible-text.js';

/** An element of the page that is always there. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** A new element; texts become text, whatever is in them. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.map((child) => (typeof child === 'string' ? visibleText(child) : child)));
  return made;
}

export function shapeNode([tag, attributes, ...children]: Shape): SVGElement {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children.map((child) => (typeof child === 'string' ? child : shapeNode(child))));
  return node;
}

/** A name that others chose, as `nameHtml` writes it. */
export function nameNode(name: string): HTMLElement {
  const shown = visibleText(name);
  return element(
    'bdi',
    shown.length > 32 ? { class: 'name', title: shown } : { class: 'name' },
    name,
  );
}

export function bytesNode(bytes: bigint | string): HTMLElement {
  const node = element('data', { value: String(bytes) });
  tellBytes(node);
  return node;
}

/** Put exact or short numbers of bytes, as the reader wants them. */
export function tellBytes(node: HTMLDataElement): void {
  const isExact = document.documentElement.hasAttribute('data-exact');
  node.textContent = isExact ? formatCount(BigInt(node.value)) : formatBytes(Number(node.value));
}

/** As the sections write it: `<50`, `12,340`. */
export function countCell(count: string): string {
  return /^\d+$/.test(count) ? formatCount(BigInt(count)) : count;
}
