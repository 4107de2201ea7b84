// A process that brings a database up to date, and kills itself in the middle of a given step.
// Arguments: `directory` or `url`, its value, and the number of steps before.
import { openStore } from '../open.ts'

const [kind, place = '', steps = ''] = process.argv.slice(2)
let left = Number(steps)

const store = await openStore({
  ...(kind === 'url' ? { url: place } : { directory: place }),
  progress() {
    if (left === 0) process.kill(process.pid, 'SIGKILL')
    left -= 1
  },
})
await store.close()
