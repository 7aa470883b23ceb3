import { describe, expect, it } from 'vitest';
import { takeObjects } from '../../src/source/bucket/list-page.js';

const ONE =
  '<Contents><Key>a/b+c%2B%26.log</Key><LastModified>2025-03-01T10:00:00.250Z</LastModified><ETag>&quot;ab-2&quot;</ETag><Size>12</Size><Owner><ID>x</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>';
const OTHER =
  '<Contents><ETag>&#34;cd&#34;</ETag><Size>0</Size><Key>d</Key><LastModified>2025-03-01T10:00:00Z</LastModified></Contents>';

describe('a page of a listing', () => {
  it('has its objects, and the rest of the answer', () => {
    expect(
      takeObjects(`<R><IsTruncated>true</IsTruncated>${ONE}${OTHER}<KeyCount>2</KeyCount></R>`),
    ).toEqual({
      objects: [
        { key: 'a/b c+&.log', sizeBytes: 12, modifiedMs: 1740823200250, etag: '"ab-2"' },
        { key: 'd', sizeBytes: 0, modifiedMs: 1740823200000, etag: '"cd"' },
      ],
      rest: '<R><IsTruncated>true</IsTruncated><KeyCount>2</KeyCount></R>',
    });
    expect(takeObjects('<R></R>')).toEqual({ objects: [], rest: '<R></R>' });
  });

  it('that is not as S3 writes it is left to others', () => {
    for (const xml of [
      '<Contents><Key>a',
      '<Contents><Key>a</Key></Contents>',
      ONE.replace('12', 'x'),
      ONE.replace('2025', 'never'),
    ]) {
      expect(takeObjects(xml)).toBeUndefined();
    }
  });
});
