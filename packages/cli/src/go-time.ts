// Instants as Go's `Time.String` writes them, which is how tokens are listed.

/** `2124-04-23T05:39:39.000Z` as `2124-04-23 05:39:39 +0000 UTC`; what is no instant is left as it is. */
export function formatGoTime(timestamp: string): string {
  const milliseconds = Date.parse(timestamp)
  if (Number.isNaN(milliseconds)) return timestamp
  const [day = '', time = ''] = new Date(milliseconds).toISOString().split('T')
  return `${day} ${time.slice(0, 8)} +0000 UTC`
}
