import type { CommitRecord, SegmentFile } from './commit-record.js';
import type { RobotsChoice } from './settings.js';

/** The tag of records of robots (FORMAT.md section 4). */
const ROBOT = 'robot';

/** The segments of a commit whose records count. */
export function countedSegments(
  { records }: Pick<CommitRecord, 'records'>,
  robots: RobotsChoice,
): readonly SegmentFile[] {
  if (robots === 'include') return records;
  return records.filter(({ tags = [] }) => tags.includes(ROBOT) === (robots === 'only'));
}
