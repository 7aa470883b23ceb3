import type { Protocol } from '../protocol.js';

/** No line stands twice, as a whole, in one file or in two. What it says of a file depends on all the others. */
export const duplicates: Protocol = {
  name: 'duplicates',
  version: 1,
  isAcrossFiles: true,
  reasons: [
    {
      name: 'again',
      claim: 'line-once',
      what: 'the same line, byte for byte, stands before',
    },
  ],
  begin: () => () => {},
};
