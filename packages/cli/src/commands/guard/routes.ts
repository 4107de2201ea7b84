// The grammar of `hallpass guard`.
import { textFlag, textFlagWithDefault } from '../../flags.ts'
import { command } from '../../routes.ts'

export const guardCommand = command({
  load: async () => (await import('./guard.ts')).runGuard,
  flags: {
    listen: textFlagWithDefault('Address to listen at', 'host:port', '127.0.0.1:4281'),
    authority: textFlag('Address of the authority (or HALLPASS_API_URL)', 'url'),
    authorizeRules: textFlag(
      'Which access /authorize asks for, by rules: see docs/gateways.md (default its query says so)',
      'file',
    ),
    trustedProxies: textFlag('Addresses and networks whose X-Forwarded headers are believed', 'list'),
    graceForReads: textFlag(
      'How long REVOKED TOKENS MAY READ while the authority cannot be asked, as 5m (default not at all)',
      'duration',
    ),
  },
  brief: 'Answer whether tokens are good, beside the services that ask',
  description:
    'Start a sidecar, which answers from memory whether tokens are good, and hears from the authority what it must forget.\n' +
    'It serves /authorize for proxies, and /v1/tokens/authenticate and /v1/tokens/authorize for services, as the authority\n' +
    'does. It takes the credential of a verifier from HALLPASS_VERIFIER, or from the file that HALLPASS_VERIFIER_FILE names:\n' +
    '`hallpass verifiers create` makes one. It stops cleanly on Ctrl-C and SIGTERM.',
})
