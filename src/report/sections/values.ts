import { formatBytes, formatCount } from '../../../cache/count-text.js';
import { type Html, html } from '../html.js';

/** Bytes for people, with the exact number in the value: the script tells it in a tooltip, or in place of the text. */
export function bytesHtml(bytes: bigint | string): Html {
  return html`<data value="${bytes}">${formatBytes(Number(bytes))}</data>`;
}

/** A published count: `<50`, `12,340`; a dash where none is published. */
export function countText(count: string | number | undefined): string {
  if (count === undefined) return '–';
  return typeof count === 'string' && !/^\d+$/.test(count) ? count : formatCount(BigInt(count));
}

/** 0.1234 -> `12.3 %`; what is not nothing is never `0 %`. */
export function shareText(part: bigint, whole: bigint): string {
  if (whole === 0n || part === 0n) return '0\u00a0%';
  const thousandths = Number((part * 1_000_000n) / whole) / 10_000;
  if (thousandths < 0.1) return '<\u00a00.1\u00a0%';
  return `${thousandths < 99.95 ? thousandths.toFixed(1) : Math.floor(thousandths * 10) / 10}\u00a0%`;
}

export interface Column {
  readonly label: string;
  /** Most rows are compared by it: names from A, numbers from the largest. */
  readonly isName?: boolean;
  /** Left out on narrow screens. */
  readonly isExtra?: boolean;
  /** A drawing that the script puts in; nothing to sort by. */
  readonly isDrawn?: boolean;
}

/**
 * A table that the script makes sortable, and shortens to `first` rows with a button for the others.
 *
 * @param sorted number of the column that the rows are ordered by
 */
export function tableHtml(
  id: string,
  caption: string,
  columns: readonly Column[],
  rows: readonly Html[],
  { sorted = 1, first = 0 }: { readonly sorted?: number; readonly first?: number } = {},
): Html {
  const heads = columns.map(({ label, isName, isExtra, isDrawn }, i) => {
    const kind = [isName === true ? 'name-column' : isDrawn === true ? 'trend' : 'number'];
    if (isExtra === true) kind.push('extra');
    const order = i !== sorted ? undefined : isName === true ? 'ascending' : 'descending';
    return html`<th scope="col" class="${kind.join(' ')}"${order !== undefined && html` aria-sort="${order}"`}>${label}</th>`;
  });
  return html`<div class="scroll"><table id="${id}" data-first="${first}"><caption class="unseen">${caption}</caption><thead><tr>${heads}</tr></thead><tbody>
${rows}</tbody></table></div>`;
}
