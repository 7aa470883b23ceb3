import type { KnownFile } from '../../cache/ledger.js';
import type { BucketAccess } from '../source/bucket/access.js';
import { ENCODING, type Encoding } from '../source/encoding.js';
import { isUniqueLogName, logFileName } from '../source/log-name.js';
import { UnreadableFileError } from '../source/unreadable-file.js';
import type { SourceFile } from '../source/walk-folder.js';
import { LineCutter } from './line-cutter.js';
import type { ObjectReader } from './read-object.js';
import { CHUNK_BYTES, LONGEST_LINE } from './record-batch.js';

/**
 * Whether an object found under a known name is the log file extracted (cache/FORMAT.md section 7). Under a name that S3
 * gives once, size and form of storage are enough, and nothing is fetched; else its content is compared, as that of a file.
 */
export async function compareObject(
  file: SourceFile,
  known: KnownFile,
  reader: ObjectReader,
  access: () => Promise<BucketAccess>,
): Promise<'same' | 'different' | 'unreadable'> {
  if (isUniqueLogName(logFileName(file.relativePath))) {
    return looksSame(file, known) ? 'same' : 'different';
  }
  try {
    return (await hasContent(file, known, reader, await access())) ? 'same' : 'different';
  } catch (error) {
    if (error instanceof UnreadableFileError) return 'unreadable';
    throw error;
  }
}

function looksSame({ relativePath, sizeBytes }: SourceFile, known: KnownFile): boolean {
  const encoding = encodingBySuffix(relativePath);
  if (encoding === known.encoding) return sizeBytes === known.sizeBytes;
  // How large its content is could only be told by fetching it, night after night.
  return encoding !== ENCODING.plain || sizeBytes === known.contentBytes;
}

function encodingBySuffix(path: string): Encoding {
  if (path.endsWith('.gz')) return ENCODING.gzip;
  return path.endsWith('.zst') ? ENCODING.zstd : ENCODING.plain;
}

async function hasContent(
  file: SourceFile,
  known: KnownFile,
  reader: ObjectReader,
  access: BucketAccess,
): Promise<boolean> {
  const encoding = await reader.encodingOf(file, access);
  if (encoding === known.encoding) {
    return (
      file.sizeBytes === known.sizeBytes && (await reader.checkOf(file, access)) === known.check
    );
  }
  if (encoding === ENCODING.plain) return file.sizeBytes === known.contentBytes;
  const read = await reader.readWhole(file, access, new NoLines(), () => {});
  return read.contentBytes === known.contentBytes;
}

/** Takes bytes and does nothing with them. */
class NoLines extends LineCutter {
  constructor() {
    super(Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_LINE + 1));
  }

  protected takeLines(end: number): number {
    return end;
  }

  protected takeLongLine(): void {}
}
