import { S3LogExtractionError } from '../cache/error.js';
import { MOST_SHARDS, type Shard } from '../cache/shards/shard.js';

/** `--shard`, or what a cluster says of this task, makes no shard. */
export class ShardError extends S3LogExtractionError {
  /** @param what is wrong: `--shard is 8/7` */
  constructor(what: string, hint = 'Write --shard I/N, with I from 1 to N: --shard 2/7.') {
    super('INVALID_SHARD', `Cannot tell which shard to extract: ${what}.`, { hint }, 2);
  }
}

export const SHARD_OPTION = {
  type: 'string',
  requiresArg: true,
  describe:
    'Extract the I-th of N parts of the log files (I/N), beside others that extract the rest; 1/1 is all (default: as Slurm, AWS Batch or Kubernetes number this task)',
} as const;

/** The number of a task of an array, that of the first one, by what they grow, and how many there are. */
interface Task {
  readonly cluster: string;
  readonly number: string | undefined;
  readonly first: string | undefined;
  readonly step?: string | undefined;
  readonly count: string | undefined;
}

function tasksIn(env: NodeJS.ProcessEnv): readonly Task[] {
  return [
    {
      cluster: 'Slurm',
      number: env.SLURM_ARRAY_TASK_ID,
      first: env.SLURM_ARRAY_TASK_MIN ?? '1',
      step: env.SLURM_ARRAY_TASK_STEP,
      count: env.SLURM_ARRAY_TASK_COUNT,
    },
    {
      cluster: 'AWS Batch',
      number: env.AWS_BATCH_JOB_ARRAY_INDEX,
      first: '0',
      count: env.AWS_BATCH_JOB_ARRAY_SIZE,
    },
    {
      cluster: 'Kubernetes',
      number: env.JOB_COMPLETION_INDEX,
      first: '0',
      // Kubernetes does not tell it: the manifest has to (CLUSTER.md).
      count: env.JOB_COMPLETION_COUNT,
    },
  ];
}

/**
 * The shard that a run is to extract.
 *
 * @param option `I/N`; undefined: what the environment tells
 * @returns undefined: everything, alone; `from` says what told so, where it was the environment
 * @throws {ShardError}
 */
export function shardOfRun(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
): { readonly shard: Shard; readonly from?: string } | undefined {
  if (option !== undefined) {
    const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(option)?.map(Number) ?? [];
    if (index === undefined || count === undefined || !isShard(index, count)) {
      throw new ShardError(`--shard is ${JSON.stringify(option.slice(0, 40))}`);
    }
    return { shard: { index, count } };
  }
  for (const { cluster, ...task } of tasksIn(env)) {
    const number = wholeNumber(task.number);
    const count = wholeNumber(task.count);
    if (number === undefined || count === undefined) continue;
    const index = (number - (wholeNumber(task.first) ?? 1)) / (wholeNumber(task.step) ?? 1) + 1;
    if (!Number.isInteger(index) || !isShard(index, count)) {
      throw new ShardError(
        `${cluster} says that this is task ${number} of ${count}`,
        'Number the tasks one after the other (sbatch --array=1-7), or say --shard I/N yourself; --shard 1/1 extracts all, alone or not at all.',
      );
    }
    return { shard: { index, count }, from: cluster };
  }
  return undefined;
}

function isShard(index: number, count: number): boolean {
  return index >= 1 && index <= count && count <= MOST_SHARDS;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
