import { describe, expect, it } from 'vitest';
import { readFailure, S3LogExtractionError } from '../../cache/error.js';

const damaged = (why: string) => new S3LogExtractionError('DAMAGED', why);

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: open`), { code, syscall: 'open' });
}

describe('a file of ours that cannot be read', () => {
  it.each(['EMFILE', 'ENFILE', 'EACCES', 'EIO', 'ENOMEM'])(
    'is not called damaged for %s: nobody should remove it for that',
    (code) => {
      const failure = readFailure('/cache/x.json', systemError(code), damaged);
      expect(failure).toMatchObject({ code: 'FILE_ACCESS_FAILED' });
      expect(failure.message).toBe(`Could not open /cache/x.json: ${code}.`);
      expect(failure.hint).not.toMatch(/remove/i);
    },
  );

  it('is damaged when it is missing, or fails for reasons of its own', () => {
    expect(readFailure('x', systemError('ENOENT'), damaged).message).toBe('it is missing');
    expect(readFailure('x', new RangeError('beyond'), damaged).message).toBe('it is unreadable');
    const known = damaged('known');
    expect(readFailure('x', known, damaged)).toBe(known);
  });
});
