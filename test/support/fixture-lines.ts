import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../architecture/source-files.js';

const FOLDER = join(root, 'test/fixtures/lines');

/** Each line of `test/fixtures/lines`, right and wrong ones, without line feeds. */
export function* fixtureLines(): Generator<Buffer> {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.log'))) {
    for (const text of readFileSync(join(FOLDER, name), 'latin1').split('\n')) {
      yield Buffer.from(text, 'latin1');
    }
  }
}
