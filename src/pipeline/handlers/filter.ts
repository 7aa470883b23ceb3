import { RE2JS } from 're2js';
import { AddressRanges } from '../address-ranges.js';
import type { Handler } from '../handler.js';
import { defineHandler, type HandlerOptions, requireOptions, textsOption } from '../plugin.js';
import type { RecordEnv, RecordEvents } from '../record-events.js';

/**
 * Keeps records, or drops them. `keep` and `drop` have the same members, each a list: `keys` (RE2 expressions, found anywhere in the key as the log
 * shows it), `operations`, `addresses` (and blocks of them). A record is kept when each member of `keep` finds it, and no member of `drop` does.
 */
export default defineHandler({
  configure(options) {
    requireOptions(options, ['keep', 'drop']);
    const keep = finderOf(options.keep, 'keep');
    const drop = finderOf(options.drop, 'drop');
    if (keep === undefined && drop === undefined)
      throw new RangeError('it has neither keep nor drop');
    const create = (): Handler<RecordEvents, RecordEnv> => ({
      handleEvents(events) {
        const kept = keep?.(events) ?? [];
        const dropped = drop?.(events) ?? [];
        for (let row = 0; row < events.rows; row++) {
          if (!kept.every((finds) => finds(row)) || dropped.some((finds) => finds(row)))
            events.drop(row);
        }
        return events;
      },
    });
    return { create };
  },
});

type Finds = (row: number) => boolean;

function finderOf(value: unknown, what: string): ((events: RecordEvents) => Finds[]) | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RangeError(`${what} is not a mapping`);
  const options = value as HandlerOptions;
  requireOptions(options, ['keys', 'operations', 'addresses']);
  const expressions = textsOption(options, 'keys')?.map(expression);
  const operations = textsOption(options, 'operations');
  const addresses = textsOption(options, 'addresses');
  const ranges = addresses && new AddressRanges(addresses);
  if (expressions === undefined && operations === undefined && ranges === undefined)
    throw new RangeError(`${what} says nothing`);
  return (events) => {
    const finders: Finds[] = [];
    if (expressions !== undefined) finders.push(keyFinder(events, expressions));
    if (operations !== undefined) {
      const isFound = operations.includes(events.operation);
      finders.push(() => isFound);
    }
    if (ranges !== undefined) {
      const isIn = events.requestersIn(ranges);
      finders.push((row) => isIn(events.requesterIds[row]));
    }
    return finders;
  };
}

/** Each distinct key is judged once. */
function keyFinder(events: RecordEvents, expressions: readonly RE2JS[]): Finds {
  const judged = new Map<number, boolean>();
  return (row) => {
    const id = events.keyIds[row];
    let isFound = judged.get(id);
    if (isFound === undefined) {
      const key = events.key(id);
      isFound = expressions.some((one) => one.matcher(key).find());
      judged.set(id, isFound);
    }
    return isFound;
  };
}

function expression(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch {
    throw new RangeError('keys holds what is no RE2 expression');
  }
}
