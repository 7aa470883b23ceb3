import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CacheWriteError } from '../../cache/atomic-write.js';
import { writeFileExclusive } from '../../cache/exclusive-write.js';
import { scratchDirectory } from '../support/scratch.js';

describe('writeFileExclusive', () => {
  it('creates a private file and leaves nothing else', () => {
    const directory = scratchDirectory();
    expect(writeFileExclusive(join(directory, 'a'), 'text')).toBe(true);
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('text');
    expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('leaves a file that is there as it is', () => {
    const directory = scratchDirectory();
    writeFileSync(join(directory, 'a'), 'first');
    expect(writeFileExclusive(join(directory, 'a'), 'second')).toBe(false);
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('first');
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('names the file that it could not create', () => {
    const path = join(scratchDirectory(), 'absent', 'a');
    expect(() => writeFileExclusive(path, '')).toThrow(CacheWriteError);
    expect(() => writeFileExclusive(path, '')).toThrow(/absent.a: ENOENT/);
  });
});
