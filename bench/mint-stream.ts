// Mints at a steady rate in the background, while something else is measured.
import { encodeRequest, connectLoad, type LoadClient } from './load.ts'
import type { Furniture } from './authority.ts'

export interface MintStream {
  /** Ends it; returns the number of answered mints a second. */
  stop(): Promise<number>
}

/** Mints org tokens over HTTP, `rate` a second, without waiting for earlier answers. */
export async function streamMints(
  url: string,
  { userHeader, organisationSlug }: Furniture,
  rate: number,
): Promise<MintStream> {
  const clients: readonly LoadClient[] = await Promise.all(Array.from({ length: 8 }, () => connectLoad(url, 1)))
  const idle = [...clients]
  const request = encodeRequest('POST', `/v1/orgs/${organisationSlug}/tokens`, userHeader, '{}')
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  const started = performance.now()
  let sent = 0
  let answered = 0

  async function mintWith(client: LoadClient): Promise<void> {
    try {
      await client.run({ requests: [request], count: 1, status: 201 })
      answered++
      idle.push(client)
    } catch (error) {
      failures.push(error)
    }
  }

  // Timers come late in a busy process, so each makes up for the missed ones.
  const timer = setInterval(() => {
    while (sent < ((performance.now() - started) / 1000) * rate) {
      const client = idle.pop()
      if (client === undefined) return
      sent++
      const mint = mintWith(client).finally(() => running.delete(mint))
      running.add(mint)
    }
  }, 1000 / rate)

  return {
    async stop() {
      clearInterval(timer)
      const seconds = (performance.now() - started) / 1000
      await Promise.all(running)
      for (const client of clients) client.close()
      if (failures.length > 0) throw failures[0]
      return answered / seconds
    },
  }
}
