import type { LogPath } from '../log-path.js';

/** An object of the bucket, as an inventory lists it: the current version, and no delete marker. */
export interface InventoryObject {
  /** The key as its bytes, not encoded. */
  readonly key: LogPath;
  /** Undefined where the inventory has no such column, or nothing in it. */
  readonly sizeBytes: number | undefined;
  readonly storageClass: string | undefined;
}

/** A row as a file has it, before versions are told apart. */
export interface InventoryRow extends InventoryObject {
  /** Position in its file, from 1. */
  readonly row: number;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

/** Why a row, or the rest of a file, does not count. */
export type DefectReason =
  | 'wrong_number_of_fields'
  | 'bad_quotes'
  | 'row_too_long'
  | 'no_key'
  | 'key_bad_percent_escape'
  | 'invalid_size'
  | 'invalid_flag'
  | 'unreadable_from_here';

export interface InventoryDefect {
  readonly file: string;
  /** From 1. */
  readonly row: number;
  readonly reason: DefectReason;
}

/** What is wrong with a row. Nothing of its content. */
export type OnDefect = (row: number, reason: DefectReason) => void;

/** Defects that are kept with their place. */
const MOST_PLACES = 20;

/** What reading an inventory shows besides its objects. */
export class InventoryAccount {
  /** Of all files, defects among them. */
  rows = 0;
  objects = 0;
  /** Versions that are not the current one. */
  olderVersions = 0;
  deleteMarkers = 0;
  defects = 0;
  readonly defectReasons: Partial<Record<DefectReason, number>> = {};
  /** The first ones. */
  readonly places: InventoryDefect[] = [];

  addDefect(defect: InventoryDefect): void {
    this.defects++;
    this.defectReasons[defect.reason] = (this.defectReasons[defect.reason] ?? 0) + 1;
    if (this.places.length < MOST_PLACES) this.places.push(defect);
  }
}
