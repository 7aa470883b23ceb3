import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fsyncDirectory, PUBLISHED, TEMPORARY_SUFFIX } from '../../../cache/atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';
import { openOwnFile } from '../../../cache/own-file.js';
import { DestinationError } from './destination.js';
import {
  checksumLine,
  type Shipment,
  type Shipper,
  ShippingError,
  ShippingStopped,
} from './shipper.js';

/** Puts packages into a folder, each with its checksum beside it, which comes last. */
export class FolderShipper implements Shipper {
  /**
   * @param folder made when it is missing
   * @throws {DestinationError} it is a file
   */
  constructor(private readonly folder: string) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) {
      throw new DestinationError('that is a file, and no folder');
    }
  }

  async ship(shipment: Shipment, signal: AbortSignal): Promise<'shipped' | 'there'> {
    try {
      return await this.#ship(shipment, signal);
    } catch (error) {
      if (error instanceof S3LogExtractionError || error instanceof ShippingStopped) throw error;
      const why = systemErrorCode(error) ?? 'the disk failed';
      throw new ShippingError(shipment.name, this.folder, why, error);
    }
  }

  close(): void {}

  async #ship(shipment: Shipment, signal: AbortSignal): Promise<'shipped' | 'there'> {
    const made = mkdirSync(this.folder, { recursive: true, mode: PUBLISHED.directory });
    if (made !== undefined) fsyncDirectory(dirname(made));
    const path = join(this.folder, shipment.name);
    const isThere = await this.#holds(path, shipment);
    if (!isThere) await this.#copy(path, shipment, signal);
    const checksum = `${path}.sha256`;
    requireFileOrNothing(checksum, this.folder, shipment.name);
    await this.#write(checksum, [Buffer.from(checksumLine(shipment))]);
    this.#removeLeftovers(shipment.name);
    fsyncDirectory(this.folder);
    return isThere ? 'there' : 'shipped';
  }

  /** Whether the very package is there. What else has its name is replaced, if it is a file. */
  async #holds(path: string, shipment: Shipment): Promise<boolean> {
    const found = requireFileOrNothing(path, this.folder, shipment.name);
    if (found?.size !== shipment.sizeBytes) return false;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path, { fd: openOwnFile(path) })) hash.update(piece);
    return hash.digest('hex') === shipment.sha256;
  }

  async #copy(path: string, shipment: Shipment, signal: AbortSignal): Promise<void> {
    const pieces = shipment.open() as AsyncIterable<Buffer>;
    async function* untilStopped(): AsyncGenerator<Buffer, void> {
      for await (const piece of pieces) {
        if (signal.aborted) throw new ShippingStopped();
        yield piece;
      }
    }
    await this.#write(path, untilStopped());
  }

  async #write(path: string, pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
    const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
    try {
      const fd = openSync(temporary, 'wx', PUBLISHED.file);
      try {
        fchmodSync(fd, PUBLISHED.file);
        for await (const piece of pieces) {
          for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done);
        }
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
      fsyncDirectory(this.folder);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** Of runs that were killed while they wrote this package. */
  #removeLeftovers(name: string): void {
    for (const found of readdirSync(this.folder)) {
      if (found.startsWith(`${name}.`) && LEFTOVER.test(found)) {
        rmSync(join(this.folder, found), { force: true });
      }
    }
  }
}

const LEFTOVER = /\.tar\.gz(?:\.sha256)?\.[0-9a-f]{12}\.tmp$/;

function requireFileOrNothing(path: string, folder: string, name: string) {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isFile()) return stats;
  throw new ShippingError(name, folder, 'something of that name is there that is no file');
}
