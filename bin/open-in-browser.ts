import { spawn } from 'node:child_process';

/** A starter that is still at work after that long has found something to start. */
const PATIENCE_MS = 3000;

/**
 * Have the system show a file in its browser. No shell sees the path, which is one argument.
 *
 * @param path absolute, so that it never looks like an option
 * @returns whether that seems to have worked
 */
export function openInBrowser(
  path: string,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  const [program, isTold] = STARTERS[platform] ?? ['xdg-open', true];
  return new Promise((resolve) => {
    const child = spawn(program, [path], { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => resolve(true), PATIENCE_MS);
    const finish = (hasWorked: boolean): void => {
      clearTimeout(timer);
      resolve(hasWorked);
    };
    child.on('error', () => finish(false));
    child.on('exit', (status) => finish(!isTold || status === 0));
    child.unref();
  });
}

/** What starts programs for files, and whether its exit status tells anything. */
const STARTERS: Partial<Record<NodeJS.Platform, readonly [program: string, isTold: boolean]>> = {
  darwin: ['open', true],
  win32: ['explorer.exe', false],
};
