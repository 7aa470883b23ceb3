import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEngine } from '../../cache/engine.js';
import { ASSET_PATH_SQL, DATASET_SQL, datasetOfKey } from '../../src/summarize/dataset.js';
import { SyntheticCache } from '../support/synthetic-cache.js';

test('a dataset is the first component of a key, the asset path is the rest', () => {
  expect(datasetOfKey('ds1/a/b')).toEqual({ dataset: 'ds1', assetPath: 'a/b' });
  expect(datasetOfKey('ds1')).toEqual({ dataset: 'ds1', assetPath: '.' });
  expect(datasetOfKey('ds1/')).toEqual({ dataset: 'ds1', assetPath: '.' });
  expect(datasetOfKey('ds1//')).toEqual({ dataset: 'ds1', assetPath: '/' });
  expect(datasetOfKey('/a')).toEqual({ dataset: '', assetPath: 'a' });
  expect(datasetOfKey('')).toEqual({ dataset: '', assetPath: '.' });
});

test('the SQL of dataset and asset path agrees with the function, for any key', async () => {
  const cache = new SyntheticCache();
  const engine = await openEngine(cache.paths, { threads: 1 });
  const piece = fc.oneof(
    fc.constantFrom(
      '/',
      '/',
      '//',
      '\u0000',
      'e\u0301',
      '\u{1f9d1}\u200d\u{1f680}',
      '.',
      '\u{1f1e9}',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const keys = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(keys, { minLength: 1, maxLength: 200 }), async (list) => {
        const rows = await engine.run(
          'split keys',
          `SELECT key, ${DATASET_SQL}, ${ASSET_PATH_SQL} FROM (SELECT unnest($1) AS key)`,
          [list],
        );
        expect(rows.length).toBe(list.length);
        for (const [key, dataset, assetPath] of rows) {
          expect({ dataset, assetPath }).toEqual(datasetOfKey(key as string));
        }
      }),
      { numRuns: 50 },
    );
  } finally {
    engine.close();
    cache.remove();
  }
});
