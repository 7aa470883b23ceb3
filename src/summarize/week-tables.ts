import { assetPath } from '../../cache/rollups/asset-order.js';
import type { MergedAssets } from '../../cache/rollups/merged-assets.js';
import { bytesSentOf } from '../../cache/rollups/sums.js';
import { dayOfWeek, WeekSums } from '../../cache/rollups/week-sums.js';
import { ASSET_TYPES, type AssetType, assetType } from './asset-type.js';
import { dateOfDay } from './dates.js';
import type { TableWriter } from './table-writer.js';
import { compareCodePoints } from './text-order.js';

/** Bytes by week of the assets of a dataset, and of their types. */
export class WeekFigures {
  readonly #assets: { readonly path: string; readonly weeks: WeekSums }[] = [];
  readonly #types = new TypeWeeks();

  /** @param withAssets whether assets are wanted one by one */
  constructor(private readonly withAssets: boolean) {}

  /** Take the asset that was reached. */
  add(asset: MergedAssets): void {
    const order = Buffer.from(asset.name.buffer, asset.name.byteOffset, asset.length);
    const path = assetPath(order.toString('latin1'));
    this.#types.add(assetType(path), asset.weeks);
    if (!this.withAssets) return;
    const weeks = new WeekSums();
    weeks.addAll(asset.weeks);
    this.#assets.push({ path, weeks });
  }

  get types(): TypeWeeks {
    return this.#types;
  }

  /** A row a week, a column of bytes an asset, in the order of their paths. */
  *byAsset(writer: TableWriter): Generator<Uint8Array> {
    const assets = this.#assets.sort((a, b) => compareCodePoints(a.path, b.path));
    const columns = assets.map(({ weeks }) => weeks);
    const names = assets.map(({ path }) => path);
    yield* weekTable(names, columns, writer);
  }
}

/** Bytes by week of types of assets. */
export class TypeWeeks {
  readonly #weeks = new Map<AssetType, WeekSums>();

  add(type: AssetType, weeks: WeekSums): void {
    let own = this.#weeks.get(type);
    if (own === undefined) {
      own = new WeekSums();
      this.#weeks.set(type, own);
    }
    own.addAll(weeks);
  }

  addAll(other: TypeWeeks): void {
    for (const [type, weeks] of other.#weeks) this.add(type, weeks);
  }

  /** As plain values, to be sent to another thread. */
  entries(): TypeWeekEntry[] {
    return [...this.#weeks].map(([type, weeks]) => [type, weeks.entries()] as const);
  }

  addEntries(entries: readonly TypeWeekEntry[]): void {
    for (const [type, weeks] of entries) {
      const sums = new WeekSums();
      for (const [week, low, high] of weeks) sums.add(week, low, high);
      this.add(type, sums);
    }
  }

  /** A row a week, a column of bytes a type, in the order of {@link ASSET_TYPES}. */
  *table(writer: TableWriter): Generator<Uint8Array> {
    const types = ASSET_TYPES.filter((type) => this.#weeks.has(type));
    const columns = types.map((type) => this.#weeks.get(type) as WeekSums);
    yield* weekTable(types, columns, writer);
  }
}

export type TypeWeekEntry = readonly [AssetType, ReturnType<WeekSums['entries']>];

/** Weeks in which nothing was sent to anybody have no row; a week has the date of its Monday. */
function* weekTable(
  names: readonly string[],
  columns: readonly WeekSums[],
  writer: TableWriter,
): Generator<Uint8Array> {
  writer.text('week_start');
  for (const name of names) {
    writer.text('\t');
    writer.cell(name);
    if (writer.isFull) yield writer.take();
  }
  writer.text('\n');
  const entries = columns.map((column) => column.entries());
  const places = new Uint32Array(columns.length);
  const weeks = [...new Set(entries.flatMap((own) => own.map(([week]) => week)))];
  for (const week of weeks.sort((a, b) => a - b)) {
    writer.text(dateOfDay(dayOfWeek(week)));
    for (let column = 0; column < entries.length; column++) {
      const entry = entries[column][places[column]];
      const isThere = entry !== undefined && entry[0] === week;
      if (isThere) places[column]++;
      writer.text(isThere ? `\t${bytesSentOf(entry[1], entry[2])}` : '\t0');
      if (writer.isFull) yield writer.take();
    }
    writer.text('\n');
  }
  yield writer.take();
}
