import { S3LogExtractionError } from '../../../cache/error.js';
import { addressesIn } from './address-in-text.js';

/** Something that reads as an address was about to leave. */
export class AddressInPackageError extends S3LogExtractionError {
  constructor(file: string, line: number, column: number) {
    super(
      'ADDRESS_IN_PACKAGE',
      `The file ${file} holds, in line ${line} at byte ${column}, what reads as an IP address; nothing of it was sent.`,
      {
        hint: 'Have its collector leave addresses out (SHARING.md says what reads as one), or leave it out with --skip.',
      },
    );
  }
}

const LF = 0x0a;

/** A line longer than that is looked at in pieces, which overlap. */
const LONGEST_LINE = 16 << 20;
const OVERLAP = 4 << 10;

/** Looks for addresses in a file whose bytes come in pieces. Line by line: no address goes over the end of one. */
export class AddressScan {
  #line = 1;
  /** Bytes of the line that are not held any more. */
  #passed = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;

  /** @param file its name, for the error */
  constructor(private readonly file: string) {}

  /** @throws {AddressInPackageError} */
  add(piece: Buffer): void {
    const end = piece.lastIndexOf(LF);
    if (end < 0) {
      this.#hold(piece);
      return;
    }
    const whole = piece.subarray(0, end);
    this.#scan(this.#held.length === 0 ? whole : Buffer.concat([...this.#held, whole]));
    this.#line++;
    this.#passed = 0;
    this.#held = [];
    this.#heldBytes = 0;
    if (end + 1 < piece.length) this.#hold(piece.subarray(end + 1));
  }

  /** @throws {AddressInPackageError} */
  end(): void {
    this.#scan(Buffer.concat(this.#held));
  }

  #hold(piece: Buffer): void {
    // A copy: whoever gave it may use its memory again.
    this.#held.push(Buffer.from(piece));
    this.#heldBytes += piece.length;
    if (this.#heldBytes < LONGEST_LINE) return;
    const bytes = Buffer.concat(this.#held);
    this.#scan(bytes);
    const kept = bytes.subarray(bytes.length - OVERLAP);
    this.#passed += bytes.length - kept.length;
    this.#held = [Buffer.from(kept)];
    this.#heldBytes = kept.length;
  }

  /** Leaves `#line` at the last line of the bytes. */
  #scan(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    for (let start = 0; ; ) {
      const end = text.indexOf('\n', start);
      const line = text.slice(start, end < 0 ? text.length : end);
      const found = addressesIn(line);
      if (found === undefined || found.length > 0) {
        const at = Math.min(...(found ?? [{ from: 0 }]).map(({ from }) => from));
        throw new AddressInPackageError(this.file, this.#line, this.#passed + at + 1);
      }
      if (end < 0) return;
      this.#line++;
      this.#passed = 0;
      start = end + 1;
    }
  }
}
