import type { Handler } from '../handler.js';
import { defineHandler, requireOptions } from '../plugin.js';
import type { RecordEnv, RecordEvents } from '../record-events.js';

/** Tells of each stream what came by: how many records, bytes and keys, and how many the handlers before it dropped. */
export default defineHandler({
  configure(options) {
    requireOptions(options, ['label']);
    const { label = '' } = options;
    if (typeof label !== 'string' || label.length > 100)
      throw new RangeError('label is not a short text');
    const head = label === '' ? '' : `${label}: `;
    const create = (): Handler<RecordEvents, RecordEnv> => {
      let tell: (() => void) | undefined;
      let rows = 0;
      let dropped = 0;
      let bytes = 0n;
      const tagged = new Map<string, number>();
      return {
        handleEvents(events, env) {
          rows += events.rows - events.dropped;
          dropped += events.dropped;
          for (let row = 0; row < events.rows; row++) {
            if (events.isDropped(row)) continue;
            bytes += events.bytesSent(row);
            for (const tag of events.tagsOf(row)) tagged.set(tag, (tagged.get(tag) ?? 0) + 1);
          }
          tell = () => {
            const tags = [...tagged].sort().map(([tag, count]) => `, ${count} tagged ${tag}`);
            env.log(
              'info',
              `${head}${env.stream}: ${rows} records, ${bytes} bytes${tags.join('')}; ${dropped} dropped.`,
            );
          };
          return events;
        },
        commit: () => tell?.(),
        rollback() {
          tell = undefined;
        },
      };
    };
    return { create };
  },
});
