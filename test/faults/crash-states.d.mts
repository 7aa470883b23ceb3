import type { Disk, Left } from './disk.mjs';

export declare function crashStates(
  disk: Disk,
  journal: readonly unknown[],
  random: () => number,
): Generator<{ readonly left: Left; readonly moment: number }>;

export declare function wholeContents(
  disk: Disk,
  journal: readonly unknown[],
): ReadonlyMap<string, ReadonlySet<string>>;

export declare function faultOf(
  left: Left,
  known: ReadonlyMap<string, ReadonlySet<string>>,
  blobs: string,
  excused?: ReadonlySet<string>,
): string | undefined;
