// What the feed is about, and where something stands in it.

/** What an event is about, and what a remembered answer depends on: `token 6f1c…`, `organization 7`. */
export type Subject = `${'token' | 'organization' | 'app' | 'person'} ${string}`

/** The number of the event behind which this position stands, `12` of `12.mx38iqql`; undefined if it is no position. */
export function eventAt(position: string): number | undefined {
  const [, number] = /^(\d{1,15})\.[0-9a-z]{1,10}$/.exec(position) ?? []
  return number === undefined ? undefined : Number(number)
}
