import { formatCount } from '../../../cache/count-text.js';
import { element, tellBytes } from './elements.js';

/** A table that is sorted by any column, may be searched, and shows its first rows until all are asked for. */
export class SortedTable {
  readonly #table: HTMLTableElement;
  readonly #body: HTMLTableSectionElement;
  readonly #more: HTMLButtonElement;
  readonly #first: number;
  #rows: HTMLTableRowElement[];
  #words: string[] = [];
  #isWhole = false;
  #complete: (row: HTMLTableRowElement) => void = () => {};

  constructor(table: HTMLTableElement) {
    this.#table = table;
    this.#body = table.tBodies[0];
    this.#rows = [...this.#body.rows];
    this.#first = Number(table.dataset.first) || Number.POSITIVE_INFINITY;
    this.#more = element('button', { type: 'button', class: 'more' });
    this.#more.addEventListener('click', () => {
      this.#isWhole = true;
      const next = this.#shown()[this.#first];
      this.show();
      // The button is gone: what has the focus goes on where it stood.
      const link = next?.querySelector('a');
      if (link) link.focus();
    });
    table.parentElement?.after(this.#more);
    for (const [i, head] of [...(table.tHead?.rows[0].cells ?? [])].entries()) {
      if (head.classList.contains('trend')) continue;
      const button = element('button', { type: 'button' }, head.textContent ?? '');
      button.addEventListener('click', () => this.#sort(i));
      head.replaceChildren(button);
    }
    this.show();
  }

  set rows(rows: HTMLTableRowElement[]) {
    this.#rows = rows;
    this.#isWhole = false;
    for (const head of this.#heads()) head.removeAttribute('aria-sort');
    this.#heads()[1]?.setAttribute('aria-sort', 'descending');
    this.show();
  }

  /** What a row is to be given when it is shown for the first time. */
  completeWith(complete: (row: HTMLTableRowElement) => void): void {
    this.#complete = complete;
    this.show();
  }

  get rows(): readonly HTMLTableRowElement[] {
    return this.#rows;
  }

  /** Keep rows whose name has all of these words. @returns how many that are */
  search(text: string): number {
    this.#words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    this.show();
    return this.#shown().length;
  }

  show(): void {
    const shown = this.#shown();
    const rows = this.#isWhole ? shown : shown.slice(0, this.#first);
    // Rows that were not in the document when the reader asked for exact numbers.
    for (const row of rows) {
      for (const data of row.querySelectorAll('data')) tellBytes(data);
      this.#complete(row);
    }
    this.#body.replaceChildren(...rows);
    this.#more.hidden = rows.length === shown.length;
    this.#more.textContent = `Show all ${formatCount(shown.length)}`;
    // On paper, in place of the button.
    this.#more.dataset.rest = `${formatCount(shown.length - rows.length)} more are in the page and not printed.`;
  }

  #shown(): HTMLTableRowElement[] {
    if (this.#words.length === 0) return this.#rows;
    return this.#rows.filter((row) => {
      const name = (row.cells[0].textContent ?? '').toLowerCase();
      return this.#words.every((word) => name.includes(word));
    });
  }

  #heads(): HTMLTableCellElement[] {
    return [...(this.#table.tHead?.rows[0].cells ?? [])];
  }

  #sort(column: number): void {
    const head = this.#heads()[column];
    const usual = column === 0 ? 'ascending' : 'descending';
    const other = column === 0 ? 'descending' : 'ascending';
    const order = head.getAttribute('aria-sort') === usual ? other : usual;
    for (const one of this.#heads()) one.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', order);
    const sign = order === 'ascending' ? 1 : -1;
    const compare = column === 0 ? compareNames : compareNumbers;
    const keyed = this.#rows.map((row) => ({ row, key: sortKey(row.cells[column]) }));
    keyed.sort((a, b) => sign * compare(a.key, b.key));
    this.#rows = keyed.map(({ row }) => row);
    this.show();
  }
}

type SortKey = readonly [name: string, number: number];

/** What is held back comes below all numbers, and what is not known below that. */
function sortKey(cell: HTMLTableCellElement): SortKey {
  const text = cell.textContent ?? '';
  const value = cell.querySelector('data')?.value;
  if (value !== undefined) return [text, Number(value)];
  if (text.startsWith('<')) return [text, 0];
  const number = Number.parseFloat(text.replaceAll(',', ''));
  return [text, Number.isNaN(number) ? -1 : number];
}

const NAMES = new Intl.Collator('en', { numeric: true });

function compareNames(a: SortKey, b: SortKey): number {
  return NAMES.compare(a[0], b[0]);
}

function compareNumbers(a: SortKey, b: SortKey): number {
  return a[1] - b[1];
}
