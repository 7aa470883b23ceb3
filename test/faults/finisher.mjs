// The parent's side of finish.mjs.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that runs command lines, one after the other. */
export class Finisher {
  #child;
  #ready;
  #waiting;

  /** @param env of all commands */
  constructor(env) {
    this.#child = fork(fileURLToPath(new URL('./finish.mjs', import.meta.url)), {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ready = new Promise((resolve) => {
      this.#child.once('message', resolve);
    });
    this.#child.on('exit', (status, signal) => {
      this.#waiting?.({ status: null, stdout: '', stderr: `it died: ${status} ${signal}` });
    });
  }

  /** @returns { status, stdout, stderr } */
  async run(env, ...args) {
    await this.#ready;
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#child.once('message', resolve);
      this.#child.send({ args, env });
    });
  }

  end() {
    this.#child.removeAllListeners('exit');
    this.#child.kill();
  }
}
