import { S3LogExtractionError } from '../../cache/error.js';

/** `dataset`: one set of tables per dataset; `archive`: one over all of them. */
export type SummaryMode = 'dataset' | 'archive';

export interface DatasetChoice {
  /** Only these datasets. Names, not folders. */
  readonly pick?: readonly string[] | undefined;
  /** All but these. */
  readonly skip?: readonly string[] | undefined;
}

/** Options that exclude each other. */
export class DatasetChoiceError extends S3LogExtractionError {
  constructor(what: string, hint: string) {
    super('DATASET_CHOICE_INVALID', `Could not choose datasets: ${what}.`, { hint }, 2);
  }
}

/** A dataset asked for by name has no records. */
export class UnknownDatasetError extends S3LogExtractionError {
  constructor(names: readonly string[]) {
    super('UNKNOWN_DATASET', `No records of the picked dataset ${names.join(', ')}.`, {
      hint: 'Datasets are, unless said otherwise, first components of keys as logged; of a DANDI archive identifiers of dandisets such as 000003, besides "unassociated" and "undetermined". Upper and lower case differ. "totals.json" among the summaries names all.',
    });
  }
}

/** Whether the choice leaves datasets out. */
export function isPartial({ pick, skip }: DatasetChoice): boolean {
  return pick !== undefined || skip !== undefined;
}

/**
 * The datasets chosen of those there are.
 *
 * @throws {UnknownDatasetError} a picked dataset has no records
 */
export function chosenDatasets(all: Iterable<string>, { pick, skip }: DatasetChoice): Set<string> {
  const known = new Set(all);
  if (pick !== undefined) {
    const unknown = pick.filter((name) => !known.has(name));
    if (unknown.length > 0) throw new UnknownDatasetError([...new Set(unknown)].sort());
    return new Set(pick);
  }
  for (const name of skip ?? []) known.delete(name);
  return known;
}

/** @throws {DatasetChoiceError} */
export function checkChoice(mode: SummaryMode, choice: DatasetChoice): void {
  const { pick, skip } = choice;
  if (pick?.length === 0 || skip?.length === 0) {
    throw new DatasetChoiceError('no dataset is named', 'Name them as --pick a,b or --skip a,b.');
  }
  if (pick !== undefined && skip !== undefined) {
    throw new DatasetChoiceError(
      '--pick and --skip exclude each other',
      'Give the datasets wanted with --pick, or those unwanted with --skip.',
    );
  }
  if (mode === 'archive' && isPartial(choice)) {
    throw new DatasetChoiceError(
      'the archive tables are over all datasets',
      'Leave out --pick and --skip, or --mode archive.',
    );
  }
}
