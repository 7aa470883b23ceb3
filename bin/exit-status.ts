/** Every exit status there is; the README's reference is made from this. */
export const EXIT_STATUS = {
  done: { status: 0, meaning: 'done, also after a graceful stop' },
  failed: { status: 1, meaning: 'failed; the message says why and what to do' },
  usage: { status: 2, meaning: 'the command line is wrong; nothing was done' },
  partial: {
    status: 3,
    meaning:
      'done, but some log files, or rows of an inventory, could not be read; stderr names them',
  },
  locked: { status: 4, meaning: 'another run is writing to this cache; nothing was done' },
  quota: {
    status: 5,
    meaning:
      'the quota of a lookup service is used up; what was found is kept, the rest stays to do',
  },
  findings: {
    status: 6,
    meaning: 'a validation protocol found something; unreadable files are named besides',
  },
  exceeded: { status: 7, meaning: '"database usage": a quota is exceeded' },
  nearQuota: {
    status: 8,
    meaning: '"database usage": a quota has reached its warning threshold, and none is exceeded',
  },
  interrupted: {
    status: 130,
    meaning:
      'ended by a second SIGINT or SIGTERM ("query": by the first); nothing committed is lost',
  },
} as const;
