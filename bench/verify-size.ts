// The size of @hallpass/macaroon in a page: everything that its main entry exports, in one file, minified and
// compressed.
import { gzipSync } from 'node:zlib'

import { rolldown } from 'rolldown'

import type { Row } from './rows.ts'

export async function packageSize(): Promise<Row> {
  const bundle = await rolldown({ input: new URL('../packages/macaroon/src/index.ts', import.meta.url).pathname })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const code = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('')
  const bytes = gzipSync(code, { level: 9 }).length
  return {
    name: 'size',
    meaning:
      'All that @hallpass/macaroon exports, as a page gets it: with the portable kernel, without its doors /json and /explain, bundled and minified by rolldown, compressed by gzip -9.',
    measured: `${(bytes / 1000).toFixed(1)} kB`,
    verdict: { goal: `≤ ${goal / 1000} kB`, met: bytes <= goal },
  }
}

const goal = 25_000
