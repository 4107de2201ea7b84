// The last use of a credential: when, from where, for what, and by which program.

export interface Use {
  /** Milliseconds since 1970. */
  readonly at: number
  /** An IP address, a network if the operator keeps no more, or `machine` and an id for a machine's own socket. */
  readonly address: string
  /** The name of the operation, for example `app.list`; never a URL. */
  readonly operation: string
  /** As the program called itself. */
  readonly userAgent: string
}

/** An address that a credential was used from, and the last time. */
export type UsedFrom = Pick<Use, 'at' | 'address'>

/** The last use of a token, with the addresses before it. */
export interface TokenUse extends Omit<Use, 'address'> {
  /** Each address once, the last one first; never empty. */
  readonly usedFrom: readonly [UsedFrom, ...UsedFrom[]]
}

/** A login, or a passkey that opens one. */
export type LoginKind = 'session' | 'passkey'

/** How many addresses of a token are kept. */
export const mostAddresses = 5

/** Of two uses of one token the later one, with the last addresses of both. The order of the two does not matter. */
export function mergeUses(one: TokenUse, other: TokenUse): TokenUse {
  const last = isLater(one, other) ? one : other
  return { ...last, usedFrom: mergeAddresses([...one.usedFrom, ...other.usedFrom]) ?? last.usedFrom }
}

/** The last five addresses, each once and with its last time, the last one first; undefined if there is none. */
export function mergeAddresses(all: readonly UsedFrom[]): TokenUse['usedFrom'] | undefined {
  const latest = new Map<string, number>()
  for (const { address, at } of all) latest.set(address, Math.max(at, latest.get(address) ?? at))
  const [first, ...others] = [...latest]
    .map(([address, at]) => ({ address, at }))
    .sort((a, b) => b.at - a.at || compare(a.address, b.address))
  return first && [first, ...others.slice(0, mostAddresses - 1)]
}

/** At the same instant the text decides, so that every authority decides alike. */
function isLater(one: TokenUse, other: TokenUse): boolean {
  if (one.at !== other.at) return one.at > other.at
  const words = ({ operation, userAgent }: TokenUse) => `${operation} ${userAgent}`
  return compare(words(one), words(other)) > 0
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
