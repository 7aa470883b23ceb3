import type { HandlerFactory } from 's3-log-extraction/pipeline';
import type { UsageEvent, UsageEvents } from './event.js';
import type { EventFile } from './event-file.js';

/** Saves what the handlers before it have added to a stream, when it commits. The last one of a pipeline. */
export function saveHandler(file: EventFile): HandlerFactory<UsageEvents> {
  return {
    name: 'save',
    create: () => {
      let added: UsageEvent[] = [];
      return {
        handleEvents(events) {
          added = [...added, ...events.filter(({ persisted }) => !persisted)];
          return events;
        },
        commit: () => file.append(added),
        rollback() {
          added = [];
        },
      };
    },
  };
}
