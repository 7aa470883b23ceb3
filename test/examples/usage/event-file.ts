import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TIME_FIELDS, type UsageEvent } from './event.js';
import { formatInstant } from './instant.js';
import { readLines } from './lines.js';

/** Every line of ours begins with this, so that no other file is taken for one. */
const BEGINNING = '{"message_id":"';

/** Their ids are held in memory: some 500 MB at most. */
const MOST_EVENTS = 5_000_000;

const FULL = 'the file of events is full: begin another one';

/** What is known of the file. */
interface Contents {
  readonly ids: Set<string>;
  sizeBytes: number;
  /** Without a last line that a crash has cut off. */
  wholeBytes: number;
}

/**
 * Events, one JSON object a line, each id once. Lines are added and synced; what a crash left of a line that was being written is removed by
 * the next {@link append}. One program at a time writes to it.
 */
export class EventFile {
  private contents: Contents | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly mostEvents = MOST_EVENTS,
  ) {}

  /** Whether an event is saved, as far as this object has seen. */
  has(id: string): boolean {
    return this.contents?.ids.has(id) ?? false;
  }

  /**
   * Save the events that are not there yet. When it fails, none is there: neither in the file, nor for {@link has}.
   *
   * @throws Error when the file is none of ours, or cannot be written
   */
  append(events: readonly UsageEvent[]): Promise<void> {
    // Streams may end at the same time; their lines must not.
    const turn = this.last.then(() => this.write(events));
    this.last = turn.catch(() => {
      // What is in the file now is for the next one to find out.
      this.contents = undefined;
    });
    return turn;
  }

  private async write(events: readonly UsageEvent[]): Promise<void> {
    this.contents ??= await this.load();
    const { contents } = this;
    const fresh = new Map(events.map((event) => [event.message_id, event]));
    for (const id of fresh.keys()) if (contents.ids.has(id)) fresh.delete(id);
    if (fresh.size === 0) return;
    if (contents.ids.size + fresh.size > this.mostEvents) throw new Error(FULL);
    const bytes = Buffer.from([...fresh.values()].map((event) => `${lineOf(event)}\n`).join(''));
    const file = await open(this.path, 'a', 0o600);
    try {
      if ((await file.stat()).size !== contents.sizeBytes) {
        throw new Error('another program has written to the file of events');
      }
      await this.addBytes(file, bytes, contents);
    } finally {
      await file.close();
    }
    for (const id of fresh.keys()) contents.ids.add(id);
    contents.wholeBytes += bytes.length;
    contents.sizeBytes = contents.wholeBytes;
  }

  private async addBytes(file: FileHandle, bytes: Buffer, { sizeBytes, wholeBytes }: Contents) {
    if (wholeBytes < sizeBytes) await file.truncate(wholeBytes);
    try {
      await file.appendFile(bytes);
      await file.sync();
      if (sizeBytes === 0) await syncDirectory(dirname(this.path));
    } catch (error) {
      await file.truncate(wholeBytes).catch(() => undefined);
      throw error;
    }
  }

  private async load(): Promise<Contents> {
    const contents: Contents = { ids: new Set(), sizeBytes: 0, wholeBytes: 0 };
    try {
      for await (const { text, endOffset, whole } of readLines(this.path)) {
        const id = whole ? idOf(text) : undefined;
        const ours = whole ? id !== undefined : isBeginning(text);
        if (!ours) throw new Error('the file holds something else than events of this program');
        contents.sizeBytes = endOffset;
        if (id === undefined) continue;
        contents.wholeBytes = endOffset;
        contents.ids.add(id);
        if (contents.ids.size > this.mostEvents) throw new Error(FULL);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return contents;
  }
}

/**
 * As Nova's notifications look, but times are ISO 8601. Where an event stands is no part of it. Plain ASCII, so that what is left of a line
 * that was cut off is text, too.
 */
function lineOf({ message_id, payload, timestamp, persisted: _, ...others }: UsageEvent): string {
  const times = TIME_FIELDS.flatMap((field) => {
    const time = payload[field];
    return time === undefined ? [] : [[field, formatInstant(time)] as const];
  });
  const line = JSON.stringify({
    message_id,
    ...others,
    timestamp: formatInstant(timestamp),
    payload: { ...payload, ...Object.fromEntries(times) },
  });
  return line.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function idOf(text: string | undefined): string | undefined {
  if (text?.startsWith(BEGINNING) !== true) return undefined;
  try {
    const { message_id: id } = JSON.parse(text) as { message_id: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

function isBeginning(text: string | undefined): boolean {
  return text !== undefined && (text.startsWith(BEGINNING) || BEGINNING.startsWith(text));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
