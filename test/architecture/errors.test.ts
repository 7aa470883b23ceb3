import { describe, expect, it } from 'vitest';
import { codeOf, productFiles, read } from './source-files.js';

const BASE = 'S3LogExtractionError';

interface ErrorClass {
  readonly name: string;
  readonly parent: string;
  /** The literal first argument of its super call, when it has one. */
  readonly code: string | undefined;
}

const classes = productFiles().flatMap((file) => errorClasses(codeOf(read(file))));
const errors = descendants(classes);

describe('errors', () => {
  it('are found in the code at all', () => {
    expect(errors.length).toBeGreaterThan(2);
  });

  it('have a code in UPPER_CASE, written in the class itself', () => {
    const without = errors.filter(
      (error) => !/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(error.code ?? ''),
    );
    expect(without.map((error) => error.name)).toEqual([]);
  });

  it('have a code that no other error has', () => {
    const codes = errors.map((error) => error.code);
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
  });

  it('have a name that ends in Error', () => {
    expect(errors.map((error) => error.name).filter((name) => !name.endsWith('Error'))).toEqual([]);
  });
});

/** Classes of one file that extend something, with the code they hand to super. */
function errorClasses(code: string): ErrorClass[] {
  return code
    .split(/^(?=(?:export )?(?:abstract )?class )/m)
    .map((text) => ({
      text,
      head: /^(?:export )?(?:abstract )?class (\w+) extends (\w+)/.exec(text),
    }))
    .filter(({ head }) => head !== null)
    .map(({ text, head }) => ({
      name: (head as RegExpExecArray)[1],
      parent: (head as RegExpExecArray)[2],
      code: /\bsuper\(\s*'([^']*)'/.exec(text)?.[1],
    }));
}

/** Direct and indirect subclasses of the base; an heir without a super call shares its parent's code. */
function descendants(all: readonly ErrorClass[]): ErrorClass[] {
  const names = new Set([BASE]);
  for (let size = 0; size !== names.size; ) {
    size = names.size;
    for (const one of all) if (names.has(one.parent)) names.add(one.name);
  }
  return all.filter(
    (one) => names.has(one.name) && (one.parent === BASE || one.code !== undefined),
  );
}
