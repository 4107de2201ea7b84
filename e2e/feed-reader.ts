// Follows the feed as a verifier does, and checks the proof of every message.
import { createHash, createHmac, randomBytes } from 'node:crypto'

export interface FeedMessage {
  readonly id: string
  readonly reset?: true
  readonly tokens?: readonly string[]
  readonly organizations?: readonly string[]
  readonly apps?: readonly string[]
  readonly people?: readonly string[]
  readonly as_of?: number
}

export interface FeedReader {
  /** The next message that this is true of; fails if the stream ends before. */
  until(isIt: (message: FeedMessage) => boolean): Promise<FeedMessage>
  /** Resolves when the stream ends. */
  rest(): Promise<readonly FeedMessage[]>
  close(): void
}

/** Opens the stream behind `after`, or behind everything. @throws Error if it is refused, with the status */
export async function openFeedStream(url: string, credential: string, after?: string): Promise<FeedReader> {
  const nonce = randomBytes(18).toString('base64url')
  const query = new URLSearchParams({ nonce, ...(after === undefined ? {} : { after }) })
  const ended = new AbortController()
  const response = await fetch(`${url}/v1/revocations?${query.toString()}`, {
    headers: { authorization: `Bearer ${credential}`, accept: 'text/event-stream' },
    signal: ended.signal,
  })
  if (response.status !== 200) throw new Error(`the feed answered ${response.status}: ${await response.text()}`)
  const secret = createHash('sha256').update(credential).digest()
  const key = createHmac('sha256', secret).update(`feed ${nonce}`).digest()
  const messages = readMessages(response, key)
  return {
    async until(isIt) {
      for (;;) {
        const { value, done } = await messages.next()
        if (done === true) throw new Error('the feed has ended')
        if (isIt(value)) return value
      }
    },
    async rest() {
      const all: FeedMessage[] = []
      for (let next = await messages.next(); next.done !== true; next = await messages.next()) all.push(next.value)
      return all
    },
    close: () => ended.abort(),
  }
}

async function* readMessages({ body }: Response, key: Uint8Array): AsyncGenerator<FeedMessage, undefined> {
  if (body === null) return undefined
  let count = 0
  let text = ''
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => splitOnce(line, ': ')),
      )
      text = text.slice(end + 2)
      const [id = '', mac = '', data = ''] = ['id', 'mac', 'data'].map((name) => fields.get(name))
      const proof = createHmac('sha256', key).update(`${count++}\n${id}\n${data}`).digest('base64url')
      if (mac !== proof) throw new Error(`a message of the feed is not proven: ${data}`)
      yield { id, ...(JSON.parse(data) as Omit<FeedMessage, 'id'>) }
    }
  }
  return undefined
}

function splitOnce(line: string, by: string): [string, string] {
  const at = line.indexOf(by)
  return [line.slice(0, at), line.slice(at + by.length)]
}
