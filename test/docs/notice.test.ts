import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
// @ts-expect-error: a script
import { isAllowed, noticeText, shippedPackages } from './notice.mjs';

const NOTICE = new URL('../../NOTICE', import.meta.url);

it('NOTICE lists every package that is shipped; "node test/docs/notice.mjs --write" makes it', () => {
  expect(readFileSync(NOTICE, 'utf8')).toBe(noticeText());
});

it('every package that is shipped may be passed on', () => {
  const packages = shippedPackages() as { name: string; license: string }[];
  expect(packages.length).toBeGreaterThan(20);
  expect(packages.filter(({ license }) => !isAllowed(license))).toEqual([]);
});

it('licences that ask for more are noticed', () => {
  expect(
    ['GPL-3.0', 'AGPL-3.0-only', 'unknown', 'MPL-2.0', 'SEE LICENSE'].filter(isAllowed),
  ).toEqual([]);
});
