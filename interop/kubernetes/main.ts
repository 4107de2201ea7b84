// node interop/kubernetes/main.ts build | start [FILE] | test [WORD…]: builds the parts of a test cluster; starts one, until
// SIGINT or SIGTERM, and writes its kubeconfig to the file; or runs the tests that need one, of files whose paths hold a word.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, rm } from 'node:fs/promises'

import { buildProgram } from './build.ts'
import { reasonWithoutParts, startCluster } from './cluster.ts'

const [command, ...words] = process.argv.slice(2)
if (command === 'build') buildProgram()
else if (command === 'start') await start(words[0])
else if (command === 'test') runTests(words.length === 0 ? ['kubernetes'] : words)
else throw new Error('say build, start or test')

async function start(file?: string): Promise<void> {
  buildProgram()
  const reason = reasonWithoutParts()
  if (reason !== undefined) throw new Error(reason)
  const cluster = await startCluster()
  if (file !== undefined) await copyFile(cluster.kubeconfig, file)
  console.log(`export HALLPASS_KUBECONFIG=${file ?? cluster.kubeconfig}`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await cluster.close()
  if (file !== undefined) await rm(file, { force: true })
}

function runTests(files: readonly string[]): void {
  // Somebody else's cluster needs no parts of ours.
  if (process.env['HALLPASS_KUBECONFIG'] === undefined) buildProgram()
  const env = { ...process.env, HALLPASS_KUBERNETES: '1' }
  // A cluster each is too much for several at once.
  const { status } = spawnSync('npx', ['vitest', 'run', '--no-file-parallelism', ...files], { env, stdio: 'inherit' })
  process.exitCode = status ?? 1
}
