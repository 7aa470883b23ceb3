import { S3LogExtractionError } from '../../../cache/error.js';

/** There is nothing that could be passed on. */
export class NothingPublishedError extends S3LogExtractionError {
  /** @param why what there is, if anything: `by a version that did not note how` */
  constructor(root: string, why?: string) {
    super(
      'NOTHING_PUBLISHED',
      why === undefined
        ? `Nothing has been published in ${root} yet.`
        : `What is published in ${root} was published ${why}.`,
      { hint: 'Run "s3logextraction update" first.' },
    );
  }
}

/** An update is at work, or did not come to its end, or only some of the tables were rounded otherwise. */
export class PublishedHalfwayError extends S3LogExtractionError {
  constructor(root: string) {
    super(
      'PUBLISHED_HALFWAY',
      `What is published in ${root} is not of one update: one is at work, was interrupted, or made only some tables by other rules.`,
      {
        hint: 'Run "s3logextraction update", or wait for the one that is running, then the same command again.',
      },
    );
  }
}

/** An update came in between. */
export class PublishedAnewError extends S3LogExtractionError {
  constructor(root: string) {
    super('PUBLISHED_ANEW', `An update published anew in ${root} while this command was reading.`, {
      hint: 'Run the same command again.',
    });
  }
}

/** Exact counts are in the tables. */
export class NotRoundedError extends S3LogExtractionError {
  constructor(root: string, threshold: number) {
    super(
      'NOT_ROUNDED',
      `The tables in ${root} hold exact small counts (threshold ${threshold}), which must not be passed on.`,
      { hint: 'Run "s3logextraction update" without --threshold, then the same command again.' },
    );
  }
}
