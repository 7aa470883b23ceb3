import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../src/extract/reasons.js';
import { reference, referenceInReadme } from './reference.mjs';

const root = join(import.meta.dirname, '../..');

describe('the README', () => {
  it('has the command reference that the program itself gives', () => {
    const made = reference().trim();
    expect(made).toContain('s3logextraction update summaries');
    // After a change of the command line: node test/docs/reference.mjs --write
    expect(referenceInReadme()).toBe(made);
  });

  it('links to files that exist', () => {
    for (const page of ['README.md', 'ARCHITECTURE.md', 'PRIVACY.md', 'cache/FORMAT.md']) {
      const text = readFileSync(join(root, page), 'utf8');
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(
          () => readFileSync(join(root, page, '..', target)),
          `${page}: ${target}`,
        ).not.toThrow();
      }
    }
  });

  it('explains every reason for which a line can be rejected', () => {
    const text = readFileSync(join(root, 'README.md'), 'utf8');
    for (const reason of REASONS.slice(1)) {
      const family = reason.replace(/^truncated_before_.*/, 'truncated_before_');
      expect(text, reason).toContain(family);
    }
  });
});
