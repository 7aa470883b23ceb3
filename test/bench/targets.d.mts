/** One line of the table of targets; null where nothing was measured or nothing is wanted. */
export interface ComparedTarget {
  readonly work: string;
  readonly target: string | null;
  readonly goal: string | null;
  readonly reached: string | null;
  readonly value: number | null;
  readonly met: boolean | null;
  readonly goalMet: boolean | null;
}

export function compareWithTargets(parts: object): ComparedTarget[];
