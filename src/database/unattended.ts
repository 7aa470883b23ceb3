/** For who does not wait for all of what it asks for: one that fails must not be nobody's. */
export function unattended(work: () => Promise<void>): () => Promise<void> {
  return () => {
    const done = work();
    done.catch(() => undefined);
    return done;
  };
}
