import { S3LogExtractionError } from '../../../cache/error.js';

/** A licence as descriptors name it. */
export interface Licence {
  readonly name: string;
  readonly title?: string;
  readonly path?: string;
}

/** What was given is no identifier of a licence. */
export class LicenceError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_LICENSE',
      'What was given with --license is no identifier of a licence.',
      { hint: 'Give one of SPDX, such as CC0-1.0 or CC-BY-4.0.' },
      2,
    );
  }
}

/** Those that data are published under most. */
const KNOWN: readonly Required<Licence>[] = [
  {
    name: 'CC0-1.0',
    title: 'Creative Commons Zero v1.0 Universal',
    path: 'https://creativecommons.org/publicdomain/zero/1.0/',
  },
  {
    name: 'CC-BY-4.0',
    title: 'Creative Commons Attribution 4.0 International',
    path: 'https://creativecommons.org/licenses/by/4.0/',
  },
  {
    name: 'CC-BY-SA-4.0',
    title: 'Creative Commons Attribution Share Alike 4.0 International',
    path: 'https://creativecommons.org/licenses/by-sa/4.0/',
  },
  {
    name: 'ODC-By-1.0',
    title: 'Open Data Commons Attribution License v1.0',
    path: 'https://opendatacommons.org/licenses/by/1-0/',
  },
  {
    name: 'ODbL-1.0',
    title: 'Open Data Commons Open Database License v1.0',
    path: 'https://opendatacommons.org/licenses/odbl/1-0/',
  },
  {
    name: 'PDDL-1.0',
    title: 'Open Data Commons Public Domain Dedication and License 1.0',
    path: 'https://opendatacommons.org/licenses/pddl/1-0/',
  },
];

/** What the descriptor of a Data Package takes. */
const IDENTIFIER = /^[-a-zA-Z0-9._]{1,60}$/;

/**
 * The licence that an identifier stands for, in whatever case it is written; of one that is not known, its name alone.
 *
 * @throws {LicenceError}
 */
export function licenceOf(identifier: string): Licence {
  if (!IDENTIFIER.test(identifier)) throw new LicenceError();
  const wanted = identifier.toLowerCase();
  return KNOWN.find(({ name }) => name.toLowerCase() === wanted) ?? { name: identifier };
}
