// The path of a request as every program reads it: what two programs may read differently is refused.

/** A segment of a path. */
export interface Segment {
  /** Without percent-encoding. */
  readonly text: string
  readonly isEncoded: boolean
}

/** Characters: no path of a service is longer. */
const longest = 8192

/**
 * What nobody needs to encode (RFC 3986 §2.3), and what some programs decode a second time, leave out, or take for the end of a segment
 * or of the path.
 */
const suspect = /[A-Za-z0-9._~%/\\;?#\p{Cc}\p{Default_Ignorable_Code_Point}-]/u

/**
 * The segments of the path of a request target in origin form (RFC 9112 §3.2.1): none for `/`. The query is left out, and so is a
 * slash at the end, which many programs ignore. Undefined where two programs may read it differently: with empty segments, with
 * dots or white space at their ends, backslashes, parameters behind `;`, what is not ASCII, and an encoding of what needs none, of what parts a path or
 * of what is not UTF-8.
 */
export function readPath(target: string): readonly Segment[] | undefined {
  const [path = ''] = target.split('?', 1)
  if (path.length > longest || !/^\/[A-Za-z0-9/._~!$&'()*+,:=@%-]*$/.test(path)) return undefined
  const sent = path.slice(1).split('/')
  if (sent.at(-1) === '') sent.pop()
  const segments = sent.map(readSegment)
  return segments.includes(undefined) ? undefined : (segments as readonly Segment[])
}

function readSegment(sent: string): Segment | undefined {
  // Dot segments, and what some programs drop from the end of a name.
  if (sent === '' || sent.endsWith('.')) return undefined
  if (!sent.includes('%')) return { text: sent, isEncoded: false }
  try {
    const hidden = decodeURIComponent(sent.replaceAll(/[^%]*((?:%[0-9A-Fa-f]{2})*)/g, '$1'))
    // Some programs bring text into one form of Unicode, in which other characters become these.
    if (suspect.test(hidden + hidden.normalize('NFKC'))) return undefined
    const text = decodeURIComponent(sent)
    return text.trim() === text ? { text, isEncoded: true } : undefined
  } catch {
    return undefined
  }
}
