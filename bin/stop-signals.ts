import { isStopRequested, type StopPlace } from '../cache/stop-request.js';
import { EXIT_STATUS } from './exit-status.js';

/** One Ctrl-C may arrive twice, from the terminal and from npm. */
const SAME_SIGNAL_MS = 300;

/** How often the cache is asked whether `s3logextraction stop` was called. */
const POLL_MS = 200;

export interface StopSignals {
  /** Whether the run is to end as soon as what is in hand is done. Cheap: may be asked at will. */
  shouldStop(): boolean;
  close(): void;
}

/**
 * SIGINT, SIGTERM and `s3logextraction stop` end a run gracefully. A second signal ends it at once, which loses
 * no more than a power failure would: nothing that is committed.
 *
 * @param onStop called once, when the first request is seen
 */
export function watchStopSignals(paths: StopPlace, token: string, onStop: () => void): StopSignals {
  return watch(onStop, () => isStopRequested(paths, token));
}

/** As {@link watchStopSignals}, for a run that holds no lock of the cache: only signals end it. */
export function watchSignals(onStop: () => void): StopSignals {
  return watch(onStop, () => false);
}

function watch(onStop: () => void, isRequested: () => boolean): StopSignals {
  let stopping = false;
  let signalledAt = Number.NEGATIVE_INFINITY;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    onStop();
  };
  const onSignal = (): void => {
    const now = performance.now();
    if (now - signalledAt < SAME_SIGNAL_MS) return;
    signalledAt = now;
    if (stopping) process.exit(EXIT_STATUS.interrupted.status);
    stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const timer = setInterval(() => {
    if (!stopping && isRequested()) stop();
  }, POLL_MS);
  timer.unref();
  return {
    shouldStop: () => stopping,
    close() {
      clearInterval(timer);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
