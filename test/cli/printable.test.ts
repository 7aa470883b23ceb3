import { expect, it } from 'vitest';
import { printable } from '../../bin/output.js';

it.each([
  ['\u001b', '\\u001b'],
  ['\u0085', '\\u0085'],
  ['\u2028', '\\u2028'],
  ['\u2029', '\\u2029'],
  ['\u202e', '\\u202e'],
  ['\u200d', '\\u200d'],
  // A soft hyphen, signs of formulas, marks of annotations, tags beyond the first plane: none is seen.
  ['\u00ad', '\\u00ad'],
  ['\u180e', '\\u180e'],
  ['\u2061', '\\u2061'],
  ['\u206a', '\\u206a'],
  ['\ufff9', '\\ufff9'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j, which is not seen or moves what is, is shown escaped', (character, escaped) => {
  expect(printable(`a${character}b`)).toBe(`a${escaped}b`);
});

it('tabs, line ends, letters of all kinds and pictures stay as they are', () => {
  const text = 'a\tb\nä 東京 שלום عربي e\u0301 \u{1f600}';
  expect(printable(text)).toBe(text);
});
