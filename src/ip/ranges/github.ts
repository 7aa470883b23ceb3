import { parseCidr } from './cidr.js';
import { UnusableListError } from './list-error.js';
import type { CodedRange } from './range-table.js';
import { readArray, readBlock, readJsonObject } from './read-entry.js';

/** Members of GitHub's answer that hold ranges (REST API reference, "Get GitHub meta information"). */
const KNOWN = new Set([
  ...['hooks', 'web', 'api', 'git', 'packages', 'pages', 'importer', 'github_enterprise_importer'],
  ...['actions', 'actions_macos', 'codespaces', 'dependabot', 'copilot'],
]);

/**
 * The ranges of `https://api.github.com/meta`, code `GitHub`. Members that are not known count when
 * every element is a range, so that a service GitHub adds is found and its SSH keys are not.
 *
 * @throws {UnusableListError}
 */
export function parseGitHub(text: string): CodedRange[] {
  const ranges: CodedRange[] = [];
  const root = readJsonObject(text);
  if (!Object.keys(root).some((name) => KNOWN.has(name))) {
    throw new UnusableListError('it has none of the members that hold ranges');
  }
  for (const [name, value] of Object.entries(root)) {
    if (!KNOWN.has(name) && !isRanges(value)) continue;
    const label = KNOWN.has(name) ? name : 'an added member';
    readArray(value, label).forEach((entry, at) => {
      ranges.push({ ...readBlock(entry, `${label}[${at}]`), code: 'GitHub' });
    });
  }
  return ranges;
}

function isRanges(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((entry) => typeof entry === 'string' && parseCidr(entry) !== undefined)
  );
}
