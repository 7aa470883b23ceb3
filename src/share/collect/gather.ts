import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE } from '../../../cache/atomic-write.js';
import { S3LogExtractionError } from '../../../cache/error.js';
import type {
  CollectorMemory,
  JsonValue,
  Remembered,
} from '../../../cache/sharing/gathering-memory.js';
import { reasonOf } from '../../pipeline/reason-of.js';
import type { PublishedArchive } from '../published/published-archive.js';
import { type CollectedFile, CollectorFailedError, collectFiles } from './collect-files.js';
import type { Collector, Slice, Slicing } from './collector.js';
import type { ChosenCollectors } from './collector-registry.js';
import { slicesOf } from './slices.js';

/** Files that go into packages of one group, and what is remembered once these are shipped. */
export interface Gathered {
  readonly group: string;
  readonly config: CollectedFile;
  /** None: there is nothing to send, and something to remember. */
  readonly files: readonly CollectedFile[];
  /** By what {@link memoryKeys} calls collectors. */
  readonly collectors: Readonly<Record<string, CollectorMemory>>;
  /** Where the files are; removed when the next is asked for. */
  readonly folder: string;
}

export interface GatherOptions {
  readonly archive: PublishedArchive;
  readonly chosen: ChosenCollectors;
  readonly remembered: Remembered | undefined;
  /** An empty folder for what is gathered. */
  readonly work: string;
  readonly splitBytes: number;
  /** Told of each collector that has nothing new. */
  readonly onUnchanged: (key: string) => void;
}

/**
 * Run the collectors: those without slices group by group, then the others slice by slice. What is given out counts as shipped
 * when the next is asked for: who cannot ship it ends the gathering.
 *
 * @throws {CollectorFailedError} @throws {PublishedAnewError} @throws {CacheWriteError}
 */
export async function* gather(options: GatherOptions): AsyncGenerator<Gathered, void> {
  const known = new Map(Object.entries(options.remembered?.collectors ?? {}));
  let folders = 0;
  const keyOf = memoryKeys(options.chosen.others);
  const whole = options.chosen.others.filter(({ slice }) => slice === undefined);
  const groups = new Set(whole.map(({ shippingGroup }) => shippingGroup));
  for (const group of groups) {
    const folder = newFolder(join(options.work, String(folders++)));
    const ofGroup = whole.filter(({ shippingGroup }) => shippingGroup === group);
    yield* gatherWhole(ofGroup, group, folder, { ...options, known, keyOf });
    rmSync(folder, { recursive: true, force: true });
  }
  for (const collector of options.chosen.others) {
    if (!isSliced(collector)) continue;
    const key = keyOf(collector);
    let count = 0;
    for await (const { slice, isLast } of withLast(
      checkedSlices(collector, known.get(key), options),
    )) {
      const folder = newFolder(join(options.work, String(folders++)));
      const gathered = await gatherSlice(collector, slice, isLast, folder, key, {
        ...options,
        known,
      });
      yield gathered;
      known.set(key, gathered.collectors[key]);
      rmSync(folder, { recursive: true, force: true });
      count++;
    }
    if (count === 0) options.onUnchanged(collector.key);
  }
}

/** What is remembered of a collector stands under its key; of a second one of that key, with slices, under `key#2`. */
export function memoryKeys(collectors: readonly Collector[]): (collector: Collector) => string {
  const names = new Map<Collector, string>();
  const counts = new Map<string, number>();
  for (const collector of collectors) {
    const count = (counts.get(collector.key) ?? 0) + 1;
    counts.set(collector.key, count);
    names.set(collector, count === 1 ? collector.key : `${collector.key}#${count}`);
  }
  return (collector) => names.get(collector) as string;
}

type Sliced = Collector & { readonly slice: Slicing };

function isSliced(collector: Collector): collector is Sliced {
  return collector.slice !== undefined;
}

interface Knowing extends GatherOptions {
  readonly known: Map<string, CollectorMemory>;
}

async function* gatherWhole(
  collectors: readonly Collector[],
  group: string,
  folder: string,
  options: Knowing & { readonly keyOf: (collector: Collector) => string },
): AsyncGenerator<Gathered, void> {
  const { archive, known, keyOf, splitBytes } = options;
  const until = archive.changedAt;
  const files: CollectedFile[] = [];
  const advanced: Record<string, CollectorMemory> = {};
  for (const collector of collectors) {
    const key = keyOf(collector);
    const before = known.get(key);
    const context = {
      archive,
      since: before?.gatheredTo,
      until,
      lastEntry: before?.lastEntry,
    };
    const found = await collectFiles(collector, context, undefined, { folder, splitBytes });
    const digest = digestOf(collector, found.files);
    if (found.files.length === 0 || digest === before?.digest) {
      options.onUnchanged(collector.key);
      for (const { path } of found.files) rmSync(path);
      continue;
    }
    files.push(...found.files);
    advanced[key] = memoryOf(until, found.entry ?? before?.lastEntry, digest);
  }
  if (files.length === 0) return;
  const config = await collectConfig(options, folder);
  yield { group, config, files, collectors: advanced, folder };
  for (const [key, memory] of Object.entries(advanced)) known.set(key, memory);
}

async function gatherSlice(
  collector: Sliced,
  slice: Slice,
  isLast: boolean,
  folder: string,
  key: string,
  options: Knowing,
): Promise<Gathered> {
  const { archive, known, splitBytes } = options;
  const before = known.get(key);
  const context = {
    archive,
    since: slice.since,
    until: slice.until,
    lastEntry: before?.lastEntry,
  };
  const { files, entry } = await collectFiles(collector, context, slice, { folder, splitBytes });
  const to = isLast ? archive.changedAt : later(before?.gatheredTo, slice.until);
  const memory = memoryOf(to, entry ?? slice.lastEntry ?? before?.lastEntry);
  const config = await collectConfig(options, folder);
  return { group: collector.shippingGroup, config, files, collectors: { [key]: memory }, folder };
}

async function collectConfig(options: Knowing, folder: string): Promise<CollectedFile> {
  const { config } = options.chosen;
  const { archive, splitBytes } = options;
  const context = { archive, since: undefined, until: archive.changedAt, lastEntry: undefined };
  const { files } = await collectFiles(config, context, undefined, { folder, splitBytes });
  if (files.length === 1) return files[0];
  throw new CollectorFailedError(config.key, 'it returned nothing, and every package has it');
}

async function* checkedSlices(
  collector: Sliced,
  before: CollectorMemory | undefined,
  { archive }: GatherOptions,
): AsyncGenerator<Slice, void> {
  try {
    yield* slicesOf(collector, {
      archive,
      since: before?.gatheredTo,
      until: archive.changedAt,
      lastEntry: before?.lastEntry,
    });
  } catch (error) {
    if (error instanceof S3LogExtractionError) throw error;
    throw new CollectorFailedError(collector.key, reasonOf(error), error);
  }
}

/** Each slice, and whether none comes after it. */
async function* withLast(
  slices: AsyncGenerator<Slice, void>,
): AsyncGenerator<{ slice: Slice; isLast: boolean }, void> {
  let held: Slice | undefined;
  for await (const slice of slices) {
    if (held !== undefined) yield { slice: held, isLast: false };
    held = slice;
  }
  if (held !== undefined) yield { slice: held, isLast: true };
}

function memoryOf(gatheredTo: string, entry: JsonValue | undefined, digest?: string) {
  return {
    gatheredTo,
    recordedAt: new Date().toISOString(),
    ...(entry === undefined ? {} : { lastEntry: entry }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function digestOf({ version }: Collector, files: readonly CollectedFile[]): string {
  const named = files.map(({ name, sha256 }) => [name, sha256]);
  return createHash('sha256')
    .update(JSON.stringify([version, named]))
    .digest('hex');
}

function later(one: string | undefined, other: string): string {
  return one !== undefined && Date.parse(one) > Date.parse(other) ? one : other;
}

function newFolder(path: string): string {
  mkdirSync(path, { mode: PRIVATE.directory });
  return path;
}
