// node interop/kubernetes/main.ts build | start [FILE] [policies] | test [WORD…]: builds the parts of a test cluster; starts one,
// whose network enforces NetworkPolicy or ignores it, until SIGINT or SIGTERM, and writes its kubeconfig to the file; or runs the
// tests that need one, of files whose paths hold a word.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, rm } from 'node:fs/promises'

import { buildProgram } from './build.ts'
import { reasonWithoutParts, startCluster, type Cluster } from './cluster.ts'

/** Those of machines try a cluster alone then. */
const usual = ['kubernetes', 'e2e/machines-clients', 'e2e/machines-engines', 'e2e/machines-story', 'e2e/flyctl/flyctl']

const [command, ...words] = process.argv.slice(2)
if (command === 'build') buildProgram()
else if (command === 'start') await start(words[0], words[1] === 'policies')
else if (command === 'test') await runTests(words.length === 0 ? usual : words)
else throw new Error('say build, start or test')

async function open(policies = false): Promise<Cluster> {
  buildProgram()
  const reason = reasonWithoutParts()
  if (reason !== undefined) throw new Error(reason)
  return startCluster({ policies })
}

async function start(file?: string, policies?: boolean): Promise<void> {
  const cluster = await open(policies)
  if (file !== undefined) await copyFile(cluster.kubeconfig, file)
  console.log(`export HALLPASS_KUBECONFIG=${file ?? cluster.kubeconfig}`)
  await untilStopped()
  await cluster.close()
  if (file !== undefined) await rm(file, { force: true })
}

async function runTests(files: readonly string[]): Promise<void> {
  // Somebody else's cluster needs no parts of ours.
  const cluster = process.env['HALLPASS_KUBECONFIG'] === undefined ? await open() : undefined
  const own = cluster === undefined ? {} : { HALLPASS_KUBECONFIG: cluster.kubeconfig }
  const env = { ...process.env, ...own, HALLPASS_KUBERNETES: '1' }
  // Tests that kill parts of a cluster have one each, which is too much for several at once.
  const tests = spawn('npx', ['vitest', 'run', '--no-file-parallelism', ...files], { env, stdio: 'inherit' })
  const ended = once(tests, 'exit')
  void untilStopped().then(() => tests.kill('SIGINT'))
  const [code] = (await ended) as [number | null]
  await cluster?.close()
  process.exit(code ?? 1)
}

function untilStopped(): Promise<unknown> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
