import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findEqualLines, type HashSpill } from '../cache/validation/equal-lines.js';
import { HASH_KEY_BYTES } from '../cache/validation/line-hashes.js';
import { PathList } from '../cache/validation/path-list.js';
import type { ValidationFolder } from '../cache/validation/validation-folder.js';
import type { ExamineSetup } from './examine-files.js';
import type { KeptFinding, KeptFindings } from './kept-findings.js';
import type { Tally } from './line-examiner.js';

/** What the protocol `duplicates` needs during a run: the paths of all files by number, and which do not count. */
export class LineComparison {
  readonly #paths: PathList;
  readonly #ignored = new Set<number>();
  readonly #key = randomBytes(HASH_KEY_BYTES);

  constructor(private readonly folder: ValidationFolder) {
    this.#paths = new PathList(join(folder.scratch(), 'files'));
  }

  /** For the thread of that number. */
  setupOf(thread: number): NonNullable<ExamineSetup['aside']> {
    return { path: join(this.folder.scratch(), `${thread}.hashes`), key: this.#key };
  }

  /** In the order of their numbers. */
  addFile(path: string): void {
    this.#paths.add(path);
  }

  /** The file was not read to its end: nothing is said of its lines. */
  ignore(number: number): void {
    this.#ignored.add(number);
  }

  /**
   * Compare all lines.
   *
   * @param most findings that may be told one by one
   * @returns what they come to
   */
  async run(
    spills: readonly HashSpill[],
    findings: KeptFindings,
    of: Pick<KeptFinding, 'protocol' | 'reason'>,
    most: number,
  ): Promise<Tally> {
    let lines = 0;
    let records = 0;
    let bytes = 0n;
    await findEqualLines(
      spills,
      this.folder.scratch(),
      (file) => this.#ignored.has(file),
      (line) => {
        lines++;
        if (line.isRecord) records++;
        bytes += line.bytesSent;
        if (most === 0) return;
        const path = this.#paths.get(line.file);
        const first = { path: this.#paths.get(line.firstFile), offset: line.firstOffset };
        findings.add({ path, offset: line.offset, ...of, first });
      },
    );
    return { reason: of.reason, lines, records, bytes: String(bytes) };
  }

  close(): void {
    this.#paths.close();
  }
}
