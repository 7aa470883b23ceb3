import fc from 'fast-check';
import { expect, it } from 'vitest';
import { visibleText } from '../../src/report/chart/visible-text.js';
import { html, nameHtml, shapeHtml } from '../../src/report/html.js';
import { type Node, readPage } from '../support/report-page.js';

function parsed(markup: string): Node {
  return readPage(`<!DOCTYPE html><html><body>${markup}</body></html>`).document;
}

/** Strings in which everything that means something to HTML is likely. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '&',
        '&lt;',
        '</script>',
        '<!--',
        '\0',
        '\r',
        '\u2028',
        '\u202e',
        '\ud800',
        'a',
        ' ',
        '=',
      ),
    )
    .map((parts) => parts.join('')),
);

it('text and attributes come out as they went in, and make no element', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const body = parsed(html`<p title="${text}">${text}</p>`.text).querySelector('body');
      const [element, ...others] = body?.querySelectorAll('*') ?? [];
      expect(others).toEqual([]);
      expect(element?.textContent).toBe(visibleText(text));
      expect(element?.getAttribute('title')).toBe(visibleText(text));
      expect([...(element?.attributes ?? [])]).toHaveLength(1);
    }),
  );
});

it('texts that may be shown have no control characters and no half of a pair', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visibleText(text)).not.toMatch(/[\0-\x1f\x7f-\x9f]|\p{Surrogate}/u);
      expect([...visibleText(text)]).toHaveLength([...text].length);
    }),
  );
  expect(visibleText('a\0b\nc\x7fd\x85e\ud800f')).toBe('a\u2400b\u240ac\u2421d\ufffde\ufffdf');
});

it('lists are joined, nothing is nothing, and numbers are written', () => {
  expect(html`<b>${[1, 2n, html`<i/>`]}${undefined}${false}</b>`.text).toBe('<b>12<i/></b>');
});

it('a name is isolated, and told in full where it may be cut', () => {
  expect(nameHtml('ds1').text).toBe('<bdi class="name">ds1</bdi>');
  const long = parsed(nameHtml(`${'x'.repeat(1000)}"`).text).querySelector('bdi');
  expect(long?.getAttribute('title')).toBe(`${'x'.repeat(1000)}"`);
});

it('a drawing is markup', () => {
  const shape = ['g', { class: 'a"b', x: 1 }, ['text', {}, '<50']] as const;
  expect(shapeHtml([shape[0], shape[1], ['text', {}, '<50']]).text).toBe(
    '<g class="a&quot;b" x="1"><text>&lt;50</text></g>',
  );
});
