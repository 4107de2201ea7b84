import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { watchRootKey } from './root-key-watch.ts'
import { createRootKey } from './root-key.ts'

test('a root key file that is removed, replaced or made readable under a running server is reported once, and again when it is back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-root-key-'))
  const path = join(directory, 'root.key')
  const { key } = await createRootKey(directory)
  const reports: (string | undefined)[] = []
  const stop = watchRootKey(directory, key, (trouble) => reports.push(trouble), 5)
  const hear = async (count: number) => {
    await expect.poll(() => reports.length).toBe(count)
    return reports.at(-1)
  }
  try {
    await rename(path, `${path}.away`)
    expect(await hear(1)).toMatch(/root\.key is gone\. Restore the right file before this server stops/)
    // In one step: a file that is still empty would be reported first.
    await writeFile(`${path}.other`, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 })
    await rename(`${path}.other`, path)
    expect(await hear(2)).toMatch(/holds another key\./)
    await rename(`${path}.away`, path)
    expect(await hear(3)).toBeUndefined()
    await chmod(path, 0o644)
    expect(await hear(4)).toContain(path)
    await chmod(path, 0o600)
    expect(await hear(5)).toBeUndefined()
  } finally {
    stop()
    await rm(directory, { recursive: true })
  }
})
