import { join } from 'node:path';
import { addDays, addRequesters, type Block, type Section } from './block.js';
import { DatasetSums } from './dataset-sums.js';
import { MergedAssets } from './merged-assets.js';
import { RollupsDamagedError } from './rollups-damaged-error.js';
import { readBlocks, type SumsFile } from './sums-file.js';
import { SumsReader } from './sums-reader.js';

/** One block, and the file it is in. */
export interface BlockPlace {
  readonly file: string;
  readonly block: Block;
}

/** The sums of one dataset in several blocks. @throws {RollupsDamagedError} from every method */
export class DatasetReader {
  readonly #reader: SumsReader;
  readonly #sums: DatasetSums;

  /**
   * @param folder `rollups/`
   * @param requesters numbers of requesters are below it
   * @param hasWeeks whether assets have sums by week
   */
  constructor(
    private readonly folder: string,
    requesters: number,
    private readonly hasWeeks = false,
  ) {
    this.#reader = new SumsReader(folder);
    this.#sums = new DatasetSums(requesters);
  }

  /** Sums by day and by requester, valid until the next call. */
  sums(places: readonly BlockPlace[]): DatasetSums {
    const sums = this.days(places);
    for (const place of places) {
      const requesters = this.section(place, 'requesters');
      const amounts = this.section(place, 'requesterSums');
      this.reading([place], () => addRequesters(requesters, amounts, sums));
    }
    return sums;
  }

  assets(places: readonly BlockPlace[]): MergedAssets {
    const sections = places.map((place) => this.section(place, 'assets'));
    const files = places.map(({ file }) => join(this.folder, file));
    return new MergedAssets(sections, this.hasWeeks, files);
  }

  /** Sums by day alone, valid until the next call. */
  days(places: readonly BlockPlace[]): DatasetSums {
    const sums = this.#sums;
    sums.clear();
    for (const place of places) {
      const days = this.section(place, 'days');
      this.reading([place], () => addDays(days, sums));
    }
    return sums;
  }

  /**
   * Do something with sections of these blocks: what makes no sense in them, though their checks are right, was written
   * so by a faulty program.
   */
  reading<T>(places: readonly BlockPlace[], action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const file = join(this.folder, places[0]?.file ?? '');
      throw new RollupsDamagedError(file, error.message, error);
    }
  }

  section({ file, block }: BlockPlace, section: Section): Uint8Array {
    return this.#reader.read(file, block, section);
  }

  close(): void {
    this.#reader.close();
  }
}

/** Blocks by dataset. @throws {RollupsDamagedError} */
export function blockPlaces(
  folder: string,
  runs: readonly { readonly sums: readonly SumsFile[] }[],
): Map<string, BlockPlace[]> {
  const places = new Map<string, BlockPlace[]>();
  for (const file of runs.flatMap(({ sums }) => sums)) {
    for (const block of readBlocks(folder, file)) {
      const place = { file: file.file, block };
      const others = places.get(block.dataset);
      if (others === undefined) places.set(block.dataset, [place]);
      else others.push(place);
    }
  }
  return places;
}
