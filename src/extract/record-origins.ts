import { AgentTable } from './agent-table.js';
import type { Core } from './core.js';

/** Which log file each record of a batch is of and, where asked for, which user agent: for the handlers of a pipeline. */
export class RecordOrigins {
  readonly hasAgents: boolean;
  readonly #agents = new AgentTable();
  /** By row. */
  #agentIds: Uint32Array | undefined;
  #core!: Core;
  /** Where the positions of user agents stand in the core. */
  #starts!: Uint32Array;
  #ends!: Uint32Array;
  readonly #files: { name: string; firstRow: number }[] = [];

  constructor({ agents }: { readonly agents: boolean }) {
    this.hasAgents = agents;
  }

  get agentIds(): Uint32Array | undefined {
    return this.#agentIds;
  }

  get agentBytes(): number {
    return this.#agents.bytes;
  }

  agentText(id: number): string {
    return this.#agents.text(id);
  }

  start(core: Core, rows: number): void {
    if (!this.hasAgents) return;
    this.#core = core;
    this.#starts = new Uint32Array(core.memory.buffer, core.agentStarts.value, rows);
    this.#ends = new Uint32Array(core.memory.buffer, core.agentEnds.value, rows);
    this.#agentIds = new Uint32Array(rows);
  }

  beginFile(name: string, row: number): void {
    this.#files.push({ name, firstRow: row });
  }

  /** Of the rows that a scan has added, while their lines still stand in the input. */
  takeAgents(input: Buffer, from: number, to: number): void {
    const ids = this.#agentIds;
    if (ids === undefined) return;
    const base = this.#core.input.value;
    for (let row = from; row < to; row++) {
      ids[row] = this.#agents.intern(input, this.#starts[row] - base, this.#ends[row] - base);
    }
  }

  takeAgent(input: Buffer, row: number, start: number, end: number): void {
    if (this.#agentIds !== undefined) this.#agentIds[row] = this.#agents.intern(input, start, end);
  }

  moveRow(from: number, to: number): void {
    if (this.#agentIds !== undefined) this.#agentIds[to] = this.#agentIds[from];
  }

  /** The file begun last is given up. */
  truncate(rows: number): void {
    const files = this.#files;
    while (files.length > 1 && files[files.length - 1].firstRow >= rows) files.pop();
  }

  /** Rows begin anew; the file in hand may go on. */
  clear(): void {
    const last = this.#files.at(-1);
    this.#files.length = 0;
    if (last !== undefined) this.#files.push({ name: last.name, firstRow: 0 });
    this.#agents.clear();
  }

  /** Rows by the file they are of. @param row any rows, in rising order */
  countByFile(rows: Iterable<number>): Map<string, number> {
    const counts = new Map<string, number>();
    let file = 0;
    for (const row of rows) {
      while (file + 1 < this.#files.length && this.#files[file + 1].firstRow <= row) file++;
      const { name } = this.#files[file];
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }
}
