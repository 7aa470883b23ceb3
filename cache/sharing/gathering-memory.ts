import { writeFileAtomic } from '../atomic-write.js';
import { systemErrorCode } from '../error.js';
import { DamagedCacheError, readOwnText } from '../own-file.js';
import { isObject, isText, sealedJson, sealedJsonOrNothing } from '../sealed-json.js';
import type { SharingPaths } from './sharing-paths.js';

/** What JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** What is remembered of a collector, from the last time that what it gathered was shipped. */
export interface CollectorMemory {
  /** It has gathered what there was up to then: ISO 8601, the time at which the published data had changed last. */
  readonly gatheredTo: string;
  /** When that was recorded, by the clock of this machine. */
  readonly recordedAt: string;
  /** Whatever the collector wants to know the next time. */
  readonly lastEntry?: JsonValue;
  /** Of a collector without slices: SHA-256 of its version and files; what is the same is not sent again. */
  readonly digest?: string;
}

/** What is remembered of all gatherings for one destination. */
export interface Remembered {
  /** The last consignment that was shipped as a whole. */
  readonly consignment?: string;
  readonly collectors: Readonly<Record<string, CollectorMemory>>;
}

/** Where the memory of gatherings is kept. */
export interface GatheringMemory {
  /** @returns undefined: nothing was ever shipped */
  read(): Remembered | undefined | Promise<Remembered | undefined>;
  /** Replace all that is remembered; durable once it returns. */
  write(remembered: Remembered): void | Promise<void>;
}

/** The memory that stands in the cache. */
export function cachedMemory(paths: SharingPaths): GatheringMemory {
  return {
    read: () => readMemory(paths),
    write: (remembered) => writeFileAtomic(paths.memory, sealedJson({ version: 1, ...remembered })),
  };
}

function readMemory({ memory }: SharingPaths): Remembered | undefined {
  let text: string;
  try {
    text = readOwnText(memory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const value = sealedJsonOrNothing(text);
  if (!isObject(value) || value.version !== 1 || !isRemembered(value)) {
    throw new DamagedCacheError(memory, 'it is not what was written', undefined, ANEW_HINT);
  }
  const { consignment, collectors } = value;
  return consignment === undefined ? { collectors } : { consignment, collectors };
}

const ANEW_HINT =
  'Remove that file: then everything is gathered and sent again, under the names that it had where it is the same.';

/** Whether a value has the shape of a {@link Remembered}, whoever keeps it. */
export function isRemembered(value: unknown): value is Remembered {
  return (
    isObject(value) &&
    (value.consignment === undefined || isText(value.consignment)) &&
    isObject(value.collectors) &&
    Object.values(value.collectors).every(isCollectorMemory)
  );
}

export function isCollectorMemory(value: unknown): value is CollectorMemory {
  return (
    isObject(value) &&
    isText(value.gatheredTo) &&
    isText(value.recordedAt) &&
    (value.digest === undefined || isText(value.digest))
  );
}
