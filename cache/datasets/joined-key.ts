/** Records without a dataset of their own stand here, by what they are records of. */
export const UNASSOCIATED = 'unassociated';
export const UNASSOCIATED_BYTES: Uint8Array = Buffer.from(UNASSOCIATED);
/** Content, or an asset, that is one of several. */
export const UNDETERMINED = 'undetermined';

/** Finds the dataset and the asset path of keys. What it found last stands in its members. */
export interface Grouping {
  /** `dataset/asset path` from `start` on; there are some bytes more behind it. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly length: number;
  /** Without a slash behind it, the asset path is empty. */
  readonly datasetLength: number;
  /** @param view of the bytes */
  group(bytes: Uint8Array, view: DataView, from: number, length: number): void;
}

/** Bytes that {@link JoinedKey} holds at first. */
const FIRST_BYTES = 1 << 12;
const PADDING = 8;
const SLASH = 0x2f;

/** Puts together what does not stand in one piece. */
export class JoinedKey implements Omit<Grouping, 'group'> {
  bytes = new Uint8Array(FIRST_BYTES);
  view = new DataView(this.bytes.buffer);
  readonly start = 0;
  length = 0;
  datasetLength = 0;

  /** `dataset/path`, each a part of some bytes. */
  join(dataset: Uint8Array, path: Uint8Array): void {
    this.length = dataset.length + 1 + path.length;
    if (this.length + PADDING > this.bytes.length) {
      this.bytes = new Uint8Array((this.length + PADDING) * 2);
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(dataset);
    this.bytes[dataset.length] = SLASH;
    this.bytes.set(path, dataset.length + 1);
    this.datasetLength = dataset.length;
  }
}
