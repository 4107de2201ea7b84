// How many connections there may be, how much they may hold, and how long they may take.

export interface ConnectionBounds {
  /** Open connections, of everybody and of one network. */
  readonly connections: number
  readonly connectionsOfNetwork: number
  /** Of a server for one alone. */
  readonly connectionsOfOnly: number
  /** Requests of one connection that are begun and not answered. */
  readonly requests: number
  /** Light requests that begin together, at most, and the milliseconds that they may take: after a longer time, fewer begin. */
  readonly together: number
  readonly timeTogether: number
  /** Bytes read and not parsed, or answered and not sent, of everybody and of one network. */
  readonly bytes: number
  readonly bytesOfNetwork: number
  /** Milliseconds in which a head, and a whole request, must arrive; also the interval of that check. */
  readonly patience: number
  readonly lookingInterval: number
  /** Milliseconds in which some part of an answer must be taken; also the interval of the check of bytes. */
  readonly readingPatience: number
  readonly weighingInterval: number
  /** Milliseconds for which every connection is read in pieces, after one of them has pipelined requests. */
  readonly caution: number
}

export const connectionBounds: ConnectionBounds = {
  connections: 8192,
  connectionsOfNetwork: 1024,
  connectionsOfOnly: 32,
  requests: 8,
  together: 32,
  timeTogether: 5,
  bytes: 256 * 1024 * 1024,
  bytesOfNetwork: 64 * 1024 * 1024,
  patience: 30_000,
  lookingInterval: 5_000,
  readingPatience: 120_000,
  weighingInterval: 500,
  caution: 600_000,
}

/**
 * Milliseconds. Longer than load balancers keep their connections (600 seconds in the largest clouds), so that they
 * close first.
 */
export const usualKeepAlive = 620_000
