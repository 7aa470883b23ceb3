import { S3LogExtractionError } from '../../../cache/error.js';
import type { CollectCsv, CollectJson, Collector, CollectorSpec } from './collector.js';

/** A collector that is registered is none. */
export class CollectorError extends S3LogExtractionError {
  constructor(key: unknown, why: string) {
    super(
      'INVALID_COLLECTOR',
      `The collector ${shownKey(key)} cannot be registered: ${why}.`,
      { hint: 'SHARING.md says what a collector is.' },
      2,
    );
  }
}

/** Two collectors would write the same files. */
export class DuplicateCollectorError extends S3LogExtractionError {
  constructor(key: string) {
    super(
      'DUPLICATE_COLLECTOR',
      `Two collectors have the key ${key}.`,
      {
        hint: 'Give yours another key, or leave the other one out with --skip. Only collectors with slices may share a key.',
      },
      2,
    );
  }
}

/** Not exactly one collector says how the archive is set up. */
export class ConfigCollectorError extends S3LogExtractionError {
  constructor(found: number) {
    super(
      'CONFIG_COLLECTOR',
      found === 0
        ? 'No collector is the one for config.json, which every package has.'
        : `${found} collectors are to be the one for config.json.`,
      {
        hint: 'Exactly one has "config: true". To have one of your own, leave ours out: --skip config.',
      },
      2,
    );
  }
}

/** A key of `--pick` or `--skip` that no collector has. */
export class UnknownCollectorError extends S3LogExtractionError {
  constructor(key: string, known: readonly string[]) {
    super(
      'NO_SUCH_COLLECTOR',
      `There is no collector ${shownKey(key)}.`,
      { hint: `There are: ${known.join(', ')}.` },
      2,
    );
  }
}

/** Ours, unless a collector names another one. */
export const DEFAULT_GROUP = 'usage';

const KEY = /^[a-z][a-z0-9_]{0,39}$/;
const GROUP = /^[a-z][a-z0-9-]{0,29}$/;
const LONGEST_VERSION = 40;

/** Names of files in a package that are not a collector's. */
const TAKEN = new Set(['manifest', 'checksums']);

/** The collectors there are, in the order in which they were registered. */
export class CollectorRegistry {
  readonly #collectors: Collector[] = [];

  /** @throws {CollectorError} @throws {DuplicateCollectorError} */
  register(spec: CollectorSpec<'json'>, collect: CollectJson): void;
  register(spec: CollectorSpec<'csv'>, collect: CollectCsv): void;
  register(spec: CollectorSpec, collect: CollectJson | CollectCsv): void {
    const { key, version, format, description, config, slice, shippingGroup } = spec;
    const refuse = (why: string): never => {
      throw new CollectorError(key, why);
    };
    if (typeof key !== 'string' || !KEY.test(key)) {
      refuse('its key is not of at most 40 lower-case letters, digits and _, a letter first');
    }
    if (TAKEN.has(key)) refuse('that is the name of another file of packages');
    if (typeof version !== 'string' || !/^[\w.+-]+$/.test(version)) {
      refuse('its version is no text of letters, digits, dots, + and -');
    }
    if (version.length > LONGEST_VERSION) refuse('its version is too long');
    if (format !== 'json' && format !== 'csv') refuse('its format is neither json nor csv');
    if (typeof description !== 'string' || description === '') refuse('it has no description');
    if (typeof collect !== 'function') refuse('it has no function');
    if (slice !== undefined && typeof slice !== 'function') refuse('its slice is no function');
    const group = shippingGroup ?? DEFAULT_GROUP;
    if (typeof group !== 'string' || !GROUP.test(group)) {
      refuse('its shippingGroup is not of at most 30 lower-case letters, digits and -');
    }
    if (config === true && (format !== 'json' || slice !== undefined || key !== 'config')) {
      refuse('the one for config.json has the key config, the format json and no slices');
    }
    if (key === 'config' && config !== true) refuse('that key is of the one with "config: true"');
    this.#collectors.push({ ...spec, shippingGroup: group, collect } as Collector);
  }

  /**
   * The collectors that are to run.
   *
   * @param pick keys of those, if not all; the one for config.json comes along
   * @param skip keys of those that are not
   * @throws {UnknownCollectorError} @throws {DuplicateCollectorError} @throws {ConfigCollectorError}
   */
  chosen({ pick, skip = [], own = Number.POSITIVE_INFINITY }: Choice = {}): ChosenCollectors {
    const known = [...new Set(this.#collectors.map(({ key }) => key))];
    for (const key of [...(pick ?? []), ...skip]) {
      if (!known.includes(key)) throw new UnknownCollectorError(key, known);
    }
    const ownKeys = new Set(this.#collectors.slice(0, own).map(({ key }) => key));
    const left = this.#collectors.filter(({ key, config }, at) => {
      // Where a module brings another of that key, ours is meant.
      if (skip.includes(key) && (at < own || !ownKeys.has(key))) return false;
      return pick === undefined || config === true || pick.includes(key);
    });
    const configs = left.filter(({ config }) => config === true);
    if (configs.length !== 1) throw new ConfigCollectorError(configs.length);
    for (const [at, { key, slice, format }] of left.entries()) {
      const others = left.slice(0, at).filter((other) => other.key === key);
      if (others.length === 0) continue;
      if (slice === undefined || others.some((other) => other.slice === undefined)) {
        throw new DuplicateCollectorError(key);
      }
      if (others.some((other) => other.format !== format)) throw new DuplicateCollectorError(key);
    }
    return { config: configs[0], others: left.filter(({ config }) => config !== true) };
  }

  /** How many there are. */
  get size(): number {
    return this.#collectors.length;
  }

  /** All of them, for `--help` of people: key and description. */
  list(): readonly Pick<Collector, 'key' | 'description'>[] {
    return this.#collectors;
  }
}

interface Choice {
  readonly pick?: readonly string[] | undefined;
  readonly skip?: readonly string[];
  /** So many of the first are ours, and the others are of modules. */
  readonly own?: number;
}

/** What a gathering runs. */
export interface ChosenCollectors {
  readonly config: Collector;
  readonly others: readonly Collector[];
}

function shownKey(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key.slice(0, 60)) : 'without a key';
}
