import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachePaths } from '../../cache/paths.js';
import {
  clearStopRequests,
  isStopRequested,
  removeStopRequest,
  requestStop,
} from '../../cache/stop-request.js';
import { scratchDirectory } from '../support/scratch.js';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

describe('a request to stop', () => {
  it('reaches only the run it is meant for', () => {
    const paths = cachePaths(scratchDirectory());
    expect(isStopRequested(paths, A)).toBe(false);
    requestStop(paths, A);
    requestStop(paths, A);
    expect(isStopRequested(paths, A)).toBe(true);
    expect(isStopRequested(paths, B)).toBe(false);
    expect(statSync(join(paths.stop, A)).size).toBe(0);
    expect(statSync(join(paths.stop, A)).mode & 0o777).toBe(0o600);
  });

  it('is removed by the run it was meant for, and only that one', () => {
    const paths = cachePaths(scratchDirectory());
    requestStop(paths, A);
    requestStop(paths, B);
    removeStopRequest(paths, A);
    removeStopRequest(paths, A);
    expect(readdirSync(paths.stop)).toEqual([B]);
  });

  it('is cleared by the next writer, unless it is for that one; other files stay', () => {
    const paths = cachePaths(scratchDirectory());
    clearStopRequests(paths);
    requestStop(paths, A);
    requestStop(paths, B);
    writeFileSync(join(paths.stop, 'README'), '');
    mkdirSync(join(paths.stop, 'c'.repeat(32)));
    symlinkSync('README', join(paths.stop, 'd'.repeat(32)));
    clearStopRequests(paths, B);
    const left = ['README', B, 'c'.repeat(32), 'd'.repeat(32)];
    expect(readdirSync(paths.stop).sort()).toEqual(left.sort());
  });

  it('does not make a path of what is not a token', () => {
    const paths = cachePaths(scratchDirectory());
    for (const token of ['', '../cache.json', `${A}/..`, A.toUpperCase()]) {
      expect(() => requestStop(paths, token)).toThrow(RangeError);
      expect(() => isStopRequested(paths, token)).toThrow(RangeError);
      expect(() => removeStopRequest(paths, token)).toThrow(RangeError);
    }
    expect(readdirSync(paths.root)).toEqual([]);
  });
});
