import { ObjectReader } from '../extract/read-object.js';
import type { LogReader } from './log-source.js';
import { folderReader } from './read-file.js';
import { unattended } from './unattended.js';

/** What reads log objects in a thread: files, and objects of buckets, several of which are on their way at once. */
export function openReader(): LogReader {
  const objects = new ObjectReader();
  return {
    async readAll(files, access, each) {
      if (access.kind === 'folder') return folderReader.readAll(files, access, each);
      return objects.readAll(files, access.access, (_file, index, object) =>
        each(index, {
          feed: async (feeder, drain) =>
            (await object.feed(true, feeder, unattended(drain))).contentBytes,
        }),
      );
    },
    close: () => objects.close(),
  };
}
