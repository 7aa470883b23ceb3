import type { NamedRow } from './table-rows.js';

/** Cells of counts in one kind of table, and how many of them are held back. */
export interface HeldBack {
  readonly cells: number;
  readonly held: number;
  readonly rows: number;
  /** Rows of which no count is published. */
  readonly heldRows: number;
}

export const NONE_HELD: HeldBack = { cells: 0, held: 0, rows: 0, heldRows: 0 };

export function isHeld(cell: string): boolean {
  return cell.startsWith('<');
}

export function countHeld(before: HeldBack, rows: readonly NamedRow[]): HeldBack {
  let { held, heldRows } = before;
  for (const [, , requests, downloads] of rows) {
    held += Number(isHeld(requests)) + Number(isHeld(downloads));
    heldRows += Number(isHeld(requests) && isHeld(downloads));
  }
  return { cells: before.cells + 2 * rows.length, held, rows: before.rows + rows.length, heldRows };
}
