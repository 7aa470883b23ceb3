import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Looked for every 20 ms. A large file is opened for a moment before it is read, to see how it is stored. */
const SIGHTINGS = 20;

/** Wait until a process has a file open for good; where the system does not tell, for a while. */
export async function reads(pid: number, path: string): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  if (!existsSync(folder)) await wait(1_000);
  for (let seen = 0; existsSync(folder) && seen < SIGHTINGS; await wait(20)) {
    seen = openFiles(folder).includes(path) ? seen + 1 : 0;
  }
}

/** Wait until a process has read that many bytes; where the system does not tell, for a while. */
export async function hasRead(pid: number, bytes: number): Promise<void> {
  const path = `/proc/${pid}/io`;
  if (!existsSync(path)) await wait(2_000);
  const count = (): number => Number(/^rchar: (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1]);
  while (existsSync(path) && count() < bytes) await wait(20);
}

function openFiles(folder: string): string[] {
  return readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(join(folder, fd));
    } catch {
      // Closed meanwhile.
      return '';
    }
  });
}
