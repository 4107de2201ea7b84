// The time from the start of a server's process to its first answer.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

import { openAuthority } from './authority.ts'
import { sourceEntry } from './installation.ts'
import { interleave, median } from './measure.ts'
import { millionOf } from './million.ts'
import type { Piece } from './piece.ts'
import { duration, showSamples, type Row } from './rows.ts'
import type { Workspace } from './workspace.ts'

export const start: Piece = async ({ quick, workspace, fills, builtEntry }) => {
  const empty = workspace.directory()
  await (await openAuthority(empty)).close()
  const tokens = millionOf(quick)
  const { directory: full } = await fills.get({ tokens, live: tokens })
  const compiled = workspace.directory()
  const built = builtEntry()

  const measured = await interleave(
    { ...variantsOf('source', sourceEntry), ...variantsOf('built', built) },
    quick ? { rounds: 3, warmUp: 1 } : { rounds: 7, warmUp: 1 },
  )

  function variantsOf(kind: string, entry: string) {
    return {
      [`${kind} empty`]: () => timeStart(workspace, entry, empty, compiled),
      [`${kind} full`]: () => timeStart(workspace, entry, full, compiled),
      [`${kind} first`]: () => timeStart(workspace, entry, empty, workspace.directory()),
    }
  }

  const many = tokens.toLocaleString('en-GB')
  return ['source', 'built'].flatMap((kind) => {
    const samples = (what: string) => measured[`${kind} ${what}`] ?? []
    return [
      row(`${kind}, an empty data directory`, meanings.empty, samples('empty'), true),
      row(`${kind}, ${many} tokens`, meanings.full, samples('full'), true),
      row(`${kind}, never started before`, meanings.first, samples('first'), false),
    ]
  })
}

const atMost = 600_000

const meanings = {
  empty:
    'From spawning `hallpass serve` to the first answer of /healthz, on a data directory with one user and one organisation; the compile cache of an earlier start is there.',
  full: 'The same with many tokens in the store.',
  first: 'The same without a compile cache, as the first start after an installation.',
}

/** Microseconds from the spawn to the answer. */
async function timeStart(workspace: Workspace, entry: string, data: string, compileCache: string): Promise<number> {
  const started = performance.now()
  const child = workspace.spawnNode(
    [entry, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--log-level', 'warn'],
    {
      ...environment(),
      NODE_COMPILE_CACHE: compileCache,
    },
  )
  const gone = once(child, 'exit')
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const url = await readUrl(child.stdout)
  if (url === undefined) {
    await gone
    throw new Error(`the server ended before it listened: ${said}`)
  }
  const answer = await fetch(`${url}/healthz`)
  const elapsed = (performance.now() - started) * 1000
  if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}`)
  await answer.text()
  child.kill('SIGTERM')
  await gone
  return elapsed
}

/** Undefined if it ends without printing one. */
async function readUrl(stdout: NodeJS.ReadableStream | null): Promise<string | undefined> {
  for await (const line of createInterface(stdout ?? Readable.from([]))) {
    const url = /listens at (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  return undefined
}

/** The environment without variables that configure the server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HALLPASS|FLY|NODE|npm)_/.test(name)))
}

function row(name: string, meaning: string, samples: readonly number[], judged: boolean): Row {
  const measured = showSamples(samples, duration)
  return {
    name,
    meaning,
    measured,
    ...(judged ? { verdict: { goal: `≤ ${duration(atMost)}`, met: median(samples) <= atMost } } : {}),
  }
}
