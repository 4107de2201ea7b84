// The grammar of `hallpass verifiers`: services that verify tokens themselves, for the operator of the authority.
import { jsonFlag, textFlag, word, yesFlag } from '../../flags.ts'
import { command, group, words } from '../../routes.ts'
import { installationFlags } from '../../setting-flags.ts'

const create = command({
  load: async () => (await import('./create.ts')).createVerifier,
  flags: { ...installationFlags, name: textFlag('Name of the verifier', 'name', 'n'), ...jsonFlag },
  brief: 'Make a verifier, and print its credential',
  description:
    'Make a verifier, and print its credential. With it a service follows what was revoked, on the whole authority:\n' +
    'GET /v1/revocations. It can do nothing else with it.',
})

const list = command({
  load: async () => (await import('./list.ts')).listVerifiers,
  flags: { ...installationFlags, ...jsonFlag },
  brief: 'List the verifiers',
})

const revoke = command({
  load: async () => (await import('./revoke.ts')).revokeVerifier,
  flags: { ...installationFlags, ...yesFlag },
  positional: words(word('Name of the verifier', 'name')),
  brief: 'End a verifier: it hears nothing from now on',
})

export const verifiersRoutes = group({
  brief: 'Look after the services that verify tokens themselves',
  description:
    'Look after verifiers, on the data directory or database of an authority: it may run meanwhile. All that is done\n' +
    'stands in the audit trail, as done by the operator.',
  routes: { create, list, revoke },
  aliases: { ls: 'list' },
})
