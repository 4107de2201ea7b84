// For tests of machines that have no token of their own.
import type { ApiSockets } from '../api-sockets.ts'

export const noSockets: ApiSockets = {
  trouble: async () => 'this test has no sockets',
  knownTrouble: async () => 'this test has no sockets',
  open: async () => undefined,
  close() {},
  restore: async () => {},
  renew: async () => {},
  leave: async () => {},
  stop: async () => {},
}
