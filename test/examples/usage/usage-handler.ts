import type { Handler, HandlerFactory, PipelineEnv } from 's3-log-extraction/pipeline';
import { auditStream } from './audit.js';
import type { UsageEvents, Verdict } from './event.js';

/** Adds one event to a stream: its .exists record is verified, or it has failed. */
export const usageHandler: HandlerFactory<UsageEvents> = {
  name: 'usage',
  create: () => new UsageHandler(),
};

class UsageHandler implements Handler<UsageEvents> {
  private audited: { readonly verdict: Verdict | undefined; readonly env: PipelineEnv } | undefined;

  handleEvents(events: UsageEvents, env: PipelineEnv): UsageEvents {
    // What a piece lacks may be in the next one, so nothing can be said of pieces.
    if (this.audited !== undefined) throw new Error('it takes all events of a stream at once');
    const verdict = auditStream(events, env.stream);
    this.audited = { verdict, env };
    return verdict === undefined ? events : [...events, verdict];
  }

  /** Says what was found. Not before: when a later handler throws, the stream has not been audited. */
  commit(): void {
    if (this.audited === undefined) return;
    const { verdict, env } = this.audited;
    if (verdict === undefined || verdict.error === null) return;
    env.log('warning', `${env.stream}: ${verdict.error_code}: ${verdict.error}`);
  }
}
