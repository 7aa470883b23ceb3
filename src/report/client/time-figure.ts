import { formatBytes } from '../../../cache/count-text.js';
import type { Bin } from '../chart/bins.js';
import { cumulated } from '../chart/bins.js';
import { endOf, titleOf, type Unit } from '../chart/dates.js';
import { binText, tallyText } from '../chart/readout.js';
import { type ChartView, timeAxis, timeChart } from '../chart/time-chart.js';
import { byId, bytesNode, element, shapeNode } from './elements.js';

/** What a figure shows. */
export interface FigureData {
  readonly threshold: number;
  /** Bytes have all their digits. */
  readonly isExact: boolean;
  bins(unit: Unit): readonly Bin[];
}

const HINT = 'Point at the chart, or move the slider below it, to read its numbers.';

/** The chart over time of the archive or of a dataset, with its switches, its slider and its table. */
export class TimeFigure {
  readonly #id: string;
  readonly #figure: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #scrub: HTMLInputElement;
  readonly #readout: HTMLElement;
  readonly #numbers: HTMLDetailsElement;
  readonly #cursor = element('div', { class: 'cursor' });
  #data: FigureData | undefined;
  #unit: Unit;
  #bins: readonly Bin[] = [];
  #width = 0;

  /** @param id `archive` or `dataset` */
  constructor(id: string) {
    this.#id = id;
    this.#figure = byId(`${id}-time`);
    this.#unit = this.#figure.dataset.unit as Unit;
    this.#plot = this.#figure.querySelector('.plot') as HTMLElement;
    this.#scrub = this.#figure.querySelector('.scrub') as HTMLInputElement;
    this.#readout = this.#figure.querySelector('.readout') as HTMLElement;
    this.#numbers = document.querySelector(`[data-numbers=${id}]`) as HTMLDetailsElement;
    this.#figure.querySelector('.switches')?.addEventListener('change', () => this.#change());
    this.#scrub.addEventListener('input', () => this.#tell(Number(this.#scrub.value)));
    this.#plot.addEventListener('pointermove', (event) => this.#point(event));
    this.#plot.addEventListener('pointerdown', (event) => this.#point(event));
    this.#numbers.addEventListener('toggle', () => this.#fillTable());
    new ResizeObserver(() => {
      if (this.#plot.clientWidth !== this.#width) this.#draw();
    }).observe(this.#plot);
  }

  /** @param unit of the bins, where there is no choice of it */
  show(data: FigureData, unit?: Unit): void {
    this.#data = data;
    this.#unit = unit ?? (this.#checked('unit') as Unit);
    this.#change();
  }

  #change(): void {
    if (this.#data === undefined) return;
    this.#unit = (this.#checked('unit') as Unit | undefined) ?? this.#unit;
    this.#bins = this.#data.bins(this.#unit);
    this.#scrub.max = String(Math.max(0, this.#bins.length - 1));
    this.#scrub.value = this.#scrub.max;
    this.#scrub.setAttribute('aria-valuetext', this.#text(this.#bins.length - 1));
    this.#readout.textContent = HINT;
    this.#readout.classList.add('hint');
    this.#cursor.remove();
    this.#draw();
    this.#fillTable();
  }

  get #view(): ChartView {
    const sum = this.#figure.querySelector<HTMLInputElement>(`[name=${this.#id}-sum]`);
    return {
      unit: this.#unit,
      isLog: this.#checked('scale') === 'log',
      isCumulative: sum?.checked === true,
    };
  }

  #checked(name: string): string | undefined {
    return this.#figure.querySelector<HTMLInputElement>(`[name=${this.#id}-${name}]:checked`)
      ?.value;
  }

  #draw(): void {
    this.#width = this.#plot.clientWidth;
    if (this.#width === 0 || this.#bins.length === 0) return;
    const isPointed = this.#cursor.isConnected;
    this.#plot.replaceChildren(shapeNode(timeChart(this.#bins, this.#view, this.#width)));
    if (isPointed) this.#tell(Number(this.#scrub.value));
  }

  #point({ clientX }: PointerEvent): void {
    if (this.#bins.length === 0) return;
    const { left, width } = this.#plot.getBoundingClientRect();
    const axis = timeAxis(this.#bins, this.#unit, width);
    const x = clientX - left;
    let nearest = 0;
    let least = Number.POSITIVE_INFINITY;
    this.#bins.forEach(({ start }, i) => {
      const distance = Math.abs((axis.at(start) + axis.at(endOf(this.#unit, start))) / 2 - x);
      if (distance < least) [nearest, least] = [i, distance];
    });
    this.#scrub.value = String(nearest);
    this.#tell(nearest);
  }

  #tell(i: number): void {
    const bin = this.#bins[i];
    if (bin === undefined) return;
    const axis = timeAxis(this.#bins, this.#unit, this.#width);
    const x = (axis.at(bin.start) + axis.at(endOf(this.#unit, bin.start))) / 2;
    this.#cursor.style.left = `${x}px`;
    if (!this.#cursor.isConnected) this.#plot.append(this.#cursor);
    const text = this.#text(i);
    this.#readout.textContent = text;
    this.#readout.classList.remove('hint');
    this.#scrub.setAttribute('aria-valuetext', text);
  }

  #text(i: number): string {
    const { isCumulative } = this.#view;
    const bin = (isCumulative ? cumulated(this.#bins) : this.#bins)[i];
    if (bin === undefined) return '';
    return binText(bin, this.#unit, isCumulative, this.#data?.threshold ?? 0);
  }

  #fillTable(): void {
    const data = this.#data;
    if (!this.#numbers.open || data === undefined) return;
    const table = this.#numbers.querySelector('table') as HTMLTableElement;
    const [head] = table.tHead?.rows[0].cells ?? [];
    if (head) head.textContent = this.#unit[0].toUpperCase() + this.#unit.slice(1);
    const rows = this.#bins.map(({ start, bytes, requests, downloads }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, titleOf(this.#unit, start)),
        element('td', {}, data.isExact ? bytesNode(bytes) : formatBytes(Number(bytes))),
        element('td', {}, tallyText(requests, data.threshold)),
        element('td', {}, tallyText(downloads, data.threshold)),
      ),
    );
    table.tBodies[0].replaceChildren(...rows);
  }
}
