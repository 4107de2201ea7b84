// The grammar of `hallpass serve`.
import { buildCommand } from '@stricli/core'

import { globalAliases, globalFlags, switchFlag, textFlag } from '../../flags.ts'
import { installationFlags } from '../../installation.ts'
import { withContext } from '../../routes.ts'

export const serveCommand = buildCommand({
  loader: async () => withContext((await import('./serve.ts')).serveAuthority),
  parameters: {
    flags: {
      listen: textFlag('Address to listen at, or HALLPASS_LISTEN (default 127.0.0.1:4280)', 'host:port'),
      ...installationFlags,
      publicUrl: textFlag('Address that people reach it at, or HALLPASS_PUBLIC_URL', 'url'),
      trustedProxies: textFlag(
        'Addresses and networks whose X-Forwarded headers are believed, or HALLPASS_TRUSTED_PROXIES',
        'list',
      ),
      keepAlive: textFlag(
        'How long an idle connection is kept, longer than by any proxy, or HALLPASS_KEEP_ALIVE (default 620s)',
        'duration',
      ),
      keepAudit: textFlag('How long to keep audit events, or HALLPASS_KEEP_AUDIT (default: for ever)', 'duration'),
      keepEndedTokens: textFlag(
        'How long to keep tokens past their end, or HALLPASS_KEEP_ENDED_TOKENS (default: for ever)',
        'duration',
      ),
      maxApps: textFlag('Most apps of an organization, or HALLPASS_MAX_APPS (default 10000)', 'number'),
      maxMembers: textFlag('Most members of an organization, or HALLPASS_MAX_MEMBERS (default 10000)', 'number'),
      maxTokens: textFlag('Most live tokens of an organization, or HALLPASS_MAX_TOKENS (default none)', 'number'),
      requirePkce: switchFlag('Let in only command lines that prove that they asked, or HALLPASS_REQUIRE_PKCE=1'),
      logLevel: {
        kind: 'enum',
        values: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
        default: 'info',
        brief: 'What to log',
      },
      ...globalFlags,
    },
    aliases: globalAliases,
  },
  docs: {
    brief: 'Start an authority',
    fullDescription:
      'Start an authority, which mints and revokes tokens and keeps them in one SQLite file or in a PostgreSQL.\n' +
      'A new one prints how to create the first account. It stops cleanly on Ctrl-C and SIGTERM.\n' +
      'From the environment it takes HALLPASS_ROOT_KEY, HALLPASS_BOOTSTRAP_EMAIL with HALLPASS_BOOTSTRAP_PASSWORD,\n' +
      'HALLPASS_SMTP_URL with HALLPASS_MAIL_FROM, to mail invitations, and HALLPASS_OIDC_ISSUER with\n' +
      'HALLPASS_OIDC_CLIENT_ID, HALLPASS_OIDC_CLIENT_SECRET, HALLPASS_OIDC_NAME, HALLPASS_OIDC_SIGN_UP_DOMAINS and\n' +
      'HALLPASS_OIDC_TRUST_EMAILS, to log in with an OpenID provider. What is secret of them may stand in a file that the\n' +
      'variable names with _FILE behind it, as HALLPASS_ROOT_KEY_FILE; so may HALLPASS_DATABASE_URL.',
  },
})
