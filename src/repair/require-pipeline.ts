import { isDeepStrictEqual } from 'node:util';
import type { PipelineHandler } from '../../cache/commit-record.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { PipelineDefinition } from '../pipeline/pipeline-file.js';
import type { DamagedCommit } from './find-damage.js';

/** What is extracted again would not be what it was. */
export class OtherPipelineError extends S3LogExtractionError {
  constructor(commit: string, was: readonly PipelineHandler[], is: readonly PipelineHandler[]) {
    super(
      'OTHER_PIPELINE',
      `Could not extract the log files of ${commit} again: its records went through ${describe(was)}, and these would go through ${describe(is)}.`,
      { hint: 'Name the pipeline that it had: "s3logextraction repair --pipeline FILE".' },
    );
  }
}

/**
 * See to it that the log files of damaged commits go through the pipeline that they went through, as far as its handlers and versions tell.
 *
 * @throws {OtherPipelineError} @throws {PipelineFileError}
 */
export async function requirePipeline(
  commits: readonly DamagedCommit[],
  definition: PipelineDefinition | undefined,
): Promise<void> {
  let handlers: readonly PipelineHandler[] = [];
  if (definition !== undefined) {
    const { loadHandlers } = await import('../pipeline/load-handlers.js');
    handlers = (await loadHandlers(definition)).description;
  }
  for (const { commit, record } of commits) {
    if (record === undefined) continue;
    const was = record.pipeline ?? [];
    if (!isDeepStrictEqual(was, handlers)) throw new OtherPipelineError(commit, was, handlers);
  }
}

function describe(handlers: readonly PipelineHandler[]): string {
  if (handlers.length === 0) return 'no pipeline';
  const names = handlers.map(({ use, version }) =>
    version === undefined ? use : `${use} ${version}`,
  );
  // A commit is data: what it names must not reach a terminal as it is.
  return names
    .join(', ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 500);
}
