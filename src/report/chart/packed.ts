import type { DayCells } from './bins.js';
import type { Unit } from './dates.js';

/**
 * What the script of the page draws from, as JSON, deflated, in base64. In this form no name can mean anything to a browser
 * before the script makes text of it.
 */
export interface PackedReport {
  readonly threshold: number;
  /** Rows of archive/by_day.tsv as published, but for the oldest, when there are too many. */
  readonly days: readonly DayCells[];
  /** In the order of the table of datasets; shorter than it where there is no room. */
  readonly datasets: readonly PackedDataset[];
}

export interface PackedDataset {
  readonly name: string;
  /** The first and the last day with requests, as days since 1970. */
  readonly span: readonly [first: number, last: number];
  readonly unit: Unit;
  /** {@link SERIES_WIDTH} numbers for each bin that there is. */
  readonly series: readonly number[];
  readonly assets: PackedRows;
  readonly regions: PackedRows;
}

/** The rows with most bytes, as published: name, bytes, requests, downloads. */
export interface PackedRows {
  readonly rows: readonly (readonly string[])[];
  /** How many there are in the table. */
  readonly all: number;
}

/** Start, as days since the one before (of the first: since 1970); bytes to 3 digits; sum, shown and held of requests; of downloads. */
export const SERIES_WIDTH = 8;
