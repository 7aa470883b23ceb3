/** Of a file; null of a folder. */
export type Left = ReadonlyMap<
  string,
  {
    readonly blob: string;
    readonly modified: number;
    readonly zeros?: boolean;
    readonly half?: boolean;
  } | null
>;

export declare class Disk {
  constructor(folder: string, blobs: string);
  readonly uncertain: number;
  apply(entry: unknown): void;
  after(chooseChange: (n: number, all: number) => boolean, chooseContent: () => string): Left;
  write(left: Left, folder: string): void;
}
