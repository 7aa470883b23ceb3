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
    // biome-ignore format: one line, which a test looks for
    const child = spawn(program, [path], { stdio: 'ignore', detached: true, env: environmentOf(process.env) });
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

/** What a desktop needs to start a program. No password, key or token of ours is among it: a browser and its extensions have no need of them. */
const DESKTOP =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TMPDIR|TEMP|TMP|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_[A-Z_]+|DBUS_SESSION_BUS_ADDRESS|DESKTOP_SESSION|BROWSER|SYSTEMROOT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES)$/i;

function environmentOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => DESKTOP.test(name)));
}

/** What starts programs for files, and whether its exit status tells anything. */
const STARTERS: Partial<Record<NodeJS.Platform, readonly [program: string, isTold: boolean]>> = {
  darwin: ['open', true],
  win32: ['explorer.exe', false],
};
