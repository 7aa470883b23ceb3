/** Where a finding stands among all: by path, then offset, protocol and reason. */
export interface KeptFinding {
  readonly path: string;
  readonly offset: number;
  /** Index of the protocol. */
  readonly protocol: number;
  /** Index of the reason among those of the protocol. */
  readonly reason: number;
  /** Of a line that stands twice: where it stands first. */
  readonly first?: { readonly path: string; readonly offset: number };
}

/**
 * The first findings of all, whatever the order in which they come: a run tells the same ones with any number
 * of threads, and holds no more than twice as many as it tells.
 */
export class KeptFindings {
  #kept: KeptFinding[] = [];

  /** @param most how many are kept */
  constructor(private readonly most: number) {}

  add(finding: KeptFinding): void {
    if (this.most === 0) return;
    this.#kept.push(finding);
    if (this.#kept.length >= 2 * this.most + 1024) this.#trim();
  }

  /** In their order. */
  sorted(): readonly KeptFinding[] {
    this.#trim();
    return this.#kept;
  }

  #trim(): void {
    this.#kept.sort(compare);
    if (this.#kept.length > this.most) this.#kept.length = this.most;
  }
}

/** Paths are compared by their bytes, which are their characters. */
function compare(one: KeptFinding, other: KeptFinding): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1;
  return one.offset - other.offset || one.protocol - other.protocol || one.reason - other.reason;
}
