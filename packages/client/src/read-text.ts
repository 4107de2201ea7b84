// Reads the text of an answer, as far as it is worth reading.

/** The whole text; undefined where there are more than `longest` bytes of it. */
export async function readText(response: Response, longest: number): Promise<string | undefined> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  // Not by `for await`: not every browser has it for streams.
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > longest) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}
