// An authority in a process of its own, made to be killed: takes its options as JSON, prints its address, and stops on
// SIGTERM. Its log is its stderr; when its stdin closes, its parent is gone, and it ends too.
import { writeSync } from 'node:fs'

import { serve, type ServeOptions } from '../packages/authority/src/main.ts'

const running = await serve(JSON.parse(process.argv[2] ?? '') as ServeOptions)
void running.failed.then(async ({ message }) => {
  await running.close()
  writeSync(2, message)
  process.exit(1)
})
process.once('SIGTERM', () => {
  void running.close().then(() => process.exit(0))
})
process.stdin.once('end', () => process.exit(1)).resume()
writeSync(1, `${running.url}\n`)
