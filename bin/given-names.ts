import type { GivenNames } from '../src/datasets/names-file.js';

/** What is wrong with the file ends it before anything is opened. @throws {NamesFileError} */
export async function givenNames(file: string | undefined): Promise<GivenNames | undefined> {
  if (file === undefined) return undefined;
  const { readNamesFile } = await import('../src/datasets/names-file.js');
  return readNamesFile(file);
}
