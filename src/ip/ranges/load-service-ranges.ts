import { plural } from '../../../cache/count-text.js';
import type { CachePaths } from '../../../cache/paths.js';
import { downloadList, sha256 } from './download-list.js';
import type { FetchTextOptions } from './fetch-text.js';
import { ListCopies, type ListCopy } from './list-copies.js';
import { readListDirectory } from './list-directory.js';
import { UnusableListError } from './list-error.js';
import { buildRangeTable, type CodedRange, type RangeTable } from './range-table.js';
import {
  type LoadedList,
  parsePublished,
  SERVICE_LISTS,
  type ServiceList,
} from './service-lists.js';

const HOUR_MS = 3_600_000;
const MIB = 1024 ** 2;

export interface LoadServiceRangesOptions {
  readonly paths: Pick<CachePaths, 'root'>;
  /** SERVICE_RANGES_DIRECTORY and SERVICE_RANGES_URL_<list> are read from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onWarning?: (message: string) => void;
  readonly fetch?: typeof fetch;
  readonly now?: () => Date;
  /** How long a downloaded list is used without asking again, in milliseconds; a day. */
  readonly freshMs?: number;
  /** For each download, in milliseconds; a minute. */
  readonly timeoutMs?: number;
  /** The largest list taken; 64 MiB. */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

export interface ServiceRanges extends RangeTable {
  /**
   * Lists that could not be had at all, by name. An address that `find` does not know may be in one
   * of them: what another source says of it must not be kept for good.
   */
  readonly missingLists: readonly string[];
  /** Lists of which an old copy is used, by name. */
  readonly staleLists: readonly string[];
}

/**
 * The ranges of GitHub, AWS, GCP, Azure and of VPNs: from the files in SERVICE_RANGES_DIRECTORY
 * when it is set, which are taken as they are; else from the copies in `ips/ranges/`, downloaded
 * again once they are a day old. A list that cannot be downloaded, or is not what it should be, is
 * a warning, and the last good copy is used. The caller holds the cache's lock.
 *
 * @throws {ServiceRangesDirectoryError} when SERVICE_RANGES_DIRECTORY is no folder
 * @throws {CacheWriteError} @throws what the signal says, when it ended this
 */
export async function loadServiceRanges(options: LoadServiceRangesOptions): Promise<ServiceRanges> {
  const directory = options.env.SERVICE_RANGES_DIRECTORY;
  const limitBytes = options.limitBytes ?? 64 * MIB;
  const isOffline = directory !== undefined && directory !== '';
  const loaded = isOffline
    ? readListDirectory(directory, limitBytes)
    : await loadDownloaded(options, limitBytes);
  for (const one of loaded) {
    if (one.problem !== undefined) options.onWarning?.(warningText(one, isOffline, now(options)));
  }
  const namesOf = (some: readonly LoadedList[]) => some.map(({ list }) => list.name);
  return {
    ...buildRangeTable(loaded.map(({ ranges }) => ranges ?? [])),
    missingLists: namesOf(loaded.filter(({ ranges }) => ranges === undefined)),
    staleLists: namesOf(loaded.filter(({ copyOf }) => copyOf !== undefined)),
  };
}

async function loadDownloaded(
  options: LoadServiceRangesOptions,
  limitBytes: number,
): Promise<LoadedList[]> {
  const copies = new ListCopies(options.paths.root);
  const http: FetchTextOptions = {
    fetch: options.fetch ?? fetch,
    timeoutMs: options.timeoutMs ?? 60_000,
    limitBytes,
    signal: options.signal,
  };
  const loaded = await Promise.all(
    SERVICE_LISTS.map((list) => loadOne(list, copies, http, options)),
  );
  copies.save();
  return loaded;
}

async function loadOne(
  list: ServiceList,
  copies: ListCopies,
  http: FetchTextOptions,
  options: LoadServiceRangesOptions,
): Promise<LoadedList> {
  const urls = options.env[list.variable]?.split(/\s+/).filter(Boolean) ?? [];
  const sources = urls.length > 0 ? urls : list.urls;
  const source = sha256(sources.join('\n'));
  const copy = copies.read(list.file, http.limitBytes);
  const copied = copy === undefined ? undefined : parseCopy(list, copy);
  const state = copied !== undefined && copy?.state?.source === source ? copy.state : undefined;
  const time = now(options);
  const ageMs = state === undefined ? Infinity : time.getTime() - Date.parse(state.fetchedAt);
  // A copy from the future is one of a clock that was wrong.
  if (ageMs >= 0 && ageMs < (options.freshMs ?? 24 * HOUR_MS)) return { list, ranges: copied };
  try {
    const fetchedAt = time.toISOString();
    const news = await downloadList(list, sources, state?.etags ?? {}, http);
    if (news === undefined && state !== undefined) {
      copies.confirm(list.file, state, fetchedAt);
      return { list, ranges: copied };
    }
    if (news === undefined) throw new UnusableListError('the answer is empty');
    const ranges = parsePublished(list, news.text);
    copies.replace(list.file, news.text, { source, etags: news.etags, fetchedAt });
    return { list, ranges };
  } catch (error) {
    if (!(error instanceof UnusableListError)) throw error;
    if (copy === undefined || copied === undefined) {
      return { list, ranges: undefined, problem: error.message };
    }
    return { list, ranges: copied, problem: error.message, copyOf: copy.fetchedAt };
  }
}

/** The ranges of a copy, or undefined when it is damaged or this version no longer takes it. */
function parseCopy(list: ServiceList, copy: ListCopy): CodedRange[] | undefined {
  try {
    return parsePublished(list, copy.text);
  } catch (error) {
    if (error instanceof UnusableListError) return undefined;
    throw error;
  }
}

function warningText(
  { list, problem, copyOf }: LoadedList,
  isOffline: boolean,
  time: Date,
): string {
  const what = `The list of ${list.name} ranges could not be had: ${problem}.`;
  if (copyOf !== undefined) {
    const hours = Math.max(0, Math.round((time.getTime() - copyOf) / HOUR_MS));
    const age = hours < 48 ? plural(hours, 'hour') : plural(Math.round(hours / 24), 'day');
    return `${what} The copy of ${new Date(copyOf).toISOString().slice(0, 10)}, ${age} old, is used instead.`;
  }
  const how = isOffline
    ? `Put a good ${list.file} there.`
    : `${list.hint ?? `Name another address of it in ${list.variable}.`} Or put it as ${list.file} into a folder that SERVICE_RANGES_DIRECTORY names.`;
  return `${what} Its addresses are not known as ${list.name} this time. ${how}`;
}

function now(options: LoadServiceRangesOptions): Date {
  return options.now?.() ?? new Date();
}
