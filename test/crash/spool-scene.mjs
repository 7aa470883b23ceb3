// Spools for the scripts of this folder: what is delivered, and where each file must be in the end.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { filesBelow, line } from './scene.mjs';

/** Lines of a log, other ones for each number. */
export function logOf(number, lines = 40) {
  return Array.from({ length: lines }, (_, n) => line(number * 1000 + n)).join('');
}

export function uniqueName(number) {
  return `2026-11-01-10-00-00-${number.toString(16).toUpperCase().padStart(16, '0')}`;
}

/** Write a file where it arrives, in one go or under a hidden name first. */
export function deliver(spool, path, content, isHiddenFirst = false) {
  const target = join(spool, path);
  mkdirSync(dirname(target), { recursive: true });
  if (!isHiddenFirst) return writeFileSync(target, content);
  const hidden = join(dirname(target), `.${path.slice(path.lastIndexOf('/') + 1)}.a8Hk2L`);
  writeFileSync(hidden, content);
  renameSync(hidden, target);
}

/** Of every kind of file one or two. */
export function deliverAllKinds(spool) {
  // With lines that are rejected, one of them too long for a reason file.
  deliver(spool, 'a.log', `${logOf(1)}bad\n${'worse '.repeat(80)}\n`);
  deliver(spool, 'sub/b.log.gz', gzipSync(logOf(2)));
  deliver(spool, `x/${uniqueName(3)}`, logOf(3));
  // A copy, in another folder.
  deliver(spool, `y/${uniqueName(3)}`, logOf(3));
  deliver(spool, 'notes.txt', `no log\n${'none '.repeat(80)}\n`);
  deliver(spool, 'cut.gz', gzipSync(logOf(4)).subarray(0, 100));
  deliver(spool, 'empty', '');
  deliver(spool, '.hidden.log.Xy12zA', logOf(9));
}

/** Whether it is a file of the service's own that may stay when it has ended. */
export function isOwn(path, keepsExcerpts) {
  if (/^\.s3logextraction\/lock\/\d+\.json$/.test(path)) return true;
  const kept = /^\.s3logextraction\/(?:rejected\/.*\.json|excerpts\/[0-9a-f]{64}\.txt)$/;
  return keepsExcerpts && kept.test(path);
}

/**
 * Path below the spool -> what is there, as it can be compared: reasons without their time, and without excerpts, which a failure may cost. The
 * service's own folder is left out, but for what ought not to be left there.
 */
export function spoolTree(spool, keepsExcerpts = false) {
  return new Map(
    filesBelow(spool)
      .filter((path) => !isOwn(path, keepsExcerpts))
      .map((path) => {
        const bytes = readFileSync(join(spool, path));
        if (!path.endsWith('.reason.json')) return [path, hashOf(bytes)];
        const { excerpts, ...reason } = JSON.parse(bytes.toString());
        const left = keepsExcerpts ? {} : { excerpts };
        return [path, JSON.stringify({ ...reason, failedAt: '', ...left })];
      }),
  );
}

export function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

export function isThere(spool, path) {
  return existsSync(join(spool, path));
}
