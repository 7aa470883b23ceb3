import { type HandlerFactory, pipelineEnv, runPipeline } from 's3-log-extraction/pipeline';
import type { RejectReason, UsageEvents, Verdict } from './event.js';
import { EventFile } from './event-file.js';
import { saveHandler } from './save-handler.js';
import { readStreams } from './streams.js';
import { usageHandler } from './usage-handler.js';

export interface RunOptions {
  /** A file of notifications, one JSON object a line. */
  readonly events: string;
  /** Where verdicts are saved. Made when there is one to save. */
  readonly verdicts: string;
  /** Handlers between the audit and saving. */
  readonly handlers?: readonly HandlerFactory<UsageEvents>[];
  /** How often a stream is tried. */
  readonly attempts?: number;
  readonly log?: (message: string) => void;
}

export interface RunReport {
  readonly lines: number;
  readonly skipped: number;
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
  readonly streams: number;
  readonly verified: number;
  /** By code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Names of streams without a verdict: their pipeline failed each time, or some of their events could not be read. */
  readonly notAudited: readonly string[];
}

/**
 * Audit a file of events of whole days. A stream that fails stops no other one, and is tried again after them; a run that is repeated saves
 * nothing twice.
 *
 * @throws Error when the events cannot be read
 */
export async function auditUsage(options: RunOptions): Promise<RunReport> {
  const { attempts = 2, log = () => undefined } = options;
  const streams = await readStreams(options.events);
  const file = new EventFile(options.verdicts);
  const pipeline = [usageHandler, ...(options.handlers ?? []), saveHandler(file)];
  const verdicts: Verdict[] = [];
  const isComplete = ([first]: UsageEvents) => !streams.incomplete.has(first.payload.instance_id);
  let waiting = [...streams.byName].filter(([, events]) => isComplete(events));
  for (let attempt = 1; attempt <= attempts && waiting.length > 0; attempt++) {
    const failed: typeof waiting = [];
    for (const [name, events] of waiting) {
      try {
        verdicts.push(...(await auditOne(name, events)));
      } catch (error) {
        log(`${(error as Error).message} Attempt ${attempt} of ${attempts}.`);
        failed.push([name, events]);
      }
    }
    waiting = failed;
  }

  async function auditOne(name: string, events: UsageEvents): Promise<Verdict[]> {
    const env = pipelineEnv(name, (_, message) => log(message));
    const added = (await runPipeline(pipeline, events, env)).filter(({ persisted }) => !persisted);
    // A commit that fails is logged and no error of the pipeline's, so whether it worked is asked of the file.
    if (added.some(({ message_id }) => !file.has(message_id))) {
      throw new Error(`The verdict of ${name} was not saved.`);
    }
    return added.filter(isVerdict);
  }

  const incomplete = [...streams.byName].filter(([, events]) => !isComplete(events));
  const failed: Record<string, number> = {};
  for (const { error_code: code } of verdicts) {
    if (code !== null) failed[code] = (failed[code] ?? 0) + 1;
  }
  return {
    lines: streams.lines,
    skipped: streams.skipped,
    rejected: Object.fromEntries(streams.rejected),
    streams: streams.byName.size,
    verified: verdicts.filter(({ error_code }) => error_code === null).length,
    failed,
    notAudited: [...incomplete, ...waiting].map(([name]) => name).sort(),
  };
}

function isVerdict(event: UsageEvents[number]): event is Verdict {
  return 'error_code' in event;
}
