import type { LogReader, ReaderSettings } from './log-source.js';
import { folderReader } from './read-object.js';

/** What reads log objects in this thread. */
export function openReader(settings: ReaderSettings): LogReader {
  switch (settings.kind) {
    case 'folder':
      return folderReader;
  }
}
