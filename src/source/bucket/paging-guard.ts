import { AnswerError } from './answer-body.js';

/** Versioned buckets have pages of nothing but marks of deletions; so many in a row are no listing. */
const MOST_EMPTY_PAGES = 10_000;

const MOST_SAME_PAGES = 10;

/** Finds listings that go round in circles, or on and on without an object, in the memory of one token and one page. */
export class PagingGuard {
  #remembered: string | undefined;
  #sinceRemembered = 0;
  #until = 1;
  #emptyPages = 0;
  #rememberedPage = '';
  #pagesSinceRemembered = 0;
  #untilPage = 1;
  #samePages = 0;

  /**
   * Check that a listing goes on.
   *
   * @param token of the page that follows
   * @param objects in the page before it
   * @throws {AnswerError}
   */
  next(token: string | undefined, objects: readonly { readonly key: string }[]): string {
    if (token === undefined) throw new AnswerError('its listing breaks off');
    // Brent's: whatever the length of the circle, a remembered token comes again.
    if (token === this.#remembered) throw new AnswerError('its listing goes round in circles');
    if (++this.#sinceRemembered === this.#until) {
      this.#remembered = token;
      this.#sinceRemembered = 0;
      this.#until *= 2;
    }
    this.#emptyPages = objects.length === 0 ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages >= MOST_EMPTY_PAGES) {
      throw new AnswerError(`its listing has ${MOST_EMPTY_PAGES} pages in a row without an object`);
    }
    this.#look(objects);
    return token;
  }

  /**
   * Tokens may be ever new ones while the objects are not, one page again and again or several in turn. Pages may overlap,
   * and one may come twice: not many times.
   */
  #look(objects: readonly { readonly key: string }[]): void {
    if (objects.length === 0) return;
    const page = JSON.stringify([objects.length, objects[0]?.key, objects.at(-1)?.key]);
    if (page === this.#rememberedPage && ++this.#samePages >= MOST_SAME_PAGES) {
      throw new AnswerError('its listing goes round in circles');
    }
    // As with tokens: a circle of any length is found once it fits often enough between two that are remembered.
    if (++this.#pagesSinceRemembered === this.#untilPage) {
      this.#rememberedPage = page;
      this.#pagesSinceRemembered = 0;
      this.#untilPage *= 2;
      this.#samePages = 0;
    }
  }
}
