import { COMPRESSION_SUFFIX, isUniqueLogName } from '../source/log-name.js';

/** Ends of names under which programs write what is to get its name later: rsync, rclone, mc, git-annex, browsers, editors. */
const SUFFIX = /(?:\.(?:partial|part|filepart|part\.minio|tmp|temp|crdownload|download|swp)|~)$/i;

/** The AWS CLI and SDKs download to the name with this at its end. Of other names it could be a part. */
const AWS_SUFFIX = /\.[0-9A-Za-z]{8}$/;

/**
 * Whether a file of this base name is still being delivered, by the look of the name. (Hidden ones, such as `.name.XXXXXX` of rsync
 * and all of `.git/annex`, are not even listed.)
 */
export function isTemporaryName(name: string): boolean {
  if (name.startsWith('.') || SUFFIX.test(name)) return true;
  if (!AWS_SUFFIX.test(name)) return false;
  return isUniqueLogName(name.replace(AWS_SUFFIX, '').replace(COMPRESSION_SUFFIX, ''));
}
