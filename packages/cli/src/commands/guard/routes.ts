// The grammar of `hallpass guard`.
import { textFlag, textFlagWithDefault } from '../../flags.ts'
import { command } from '../../routes.ts'

export const guardCommand = command({
  load: async () => (await import('./guard.ts')).runGuard,
  flags: {
    listen: textFlagWithDefault('Address to listen at', 'host:port', '127.0.0.1:4281'),
    authority: textFlag('Address of the authority', 'url'),
    trustedProxies: textFlag('Addresses and networks whose X-Forwarded-For is believed', 'network,…'),
  },
  brief: 'Verify tokens beside a service',
  description:
    'Verify tokens beside a service or a proxy, from memory, and forget within a second what was revoked.\n' +
    'It answers as the authority does at POST /v1/tokens/authenticate and POST /v1/tokens/authorize, and at GET /authorize\n' +
    'to a proxy. HALLPASS_VERIFIER is its credential, as "hallpass verifiers create" prints it. Whoever reaches it may ask:\n' +
    'keep it on this machine. It stops cleanly on Ctrl-C and SIGTERM.',
})
