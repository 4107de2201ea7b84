// Every setting of an authority: flags, variables, help and README's table are made from this list.

interface Setting {
  /** Its text in help and README. */
  readonly what: string
  /** What stands for the value of its flag; absent where there is no flag that takes one. */
  readonly takes?: string
  /** A flag without a value, and a variable that is 1 or 0. */
  readonly isSwitch?: true
  /** A variable that may name a file instead, with _FILE behind it. */
  readonly isSecret?: true
  /**
   * Its variable must not be set and empty: the default would be less safe, or would start a new installation. Secrets
   * must not be, either.
   */
  readonly isNeverEmpty?: true
  /** Its default. */
  readonly usual?: string
}

export const settings = {
  listen: { what: 'Address to listen at', takes: 'host:port', usual: '127.0.0.1:4280' },
  data: { what: 'Directory for what is kept', takes: 'dir', isNeverEmpty: true, usual: './hallpass-data' },
  databaseUrl: { what: 'PostgreSQL to use instead of SQLite', takes: 'url', isSecret: true },
  publicUrl: { what: 'Address that people reach it at', takes: 'url', isNeverEmpty: true, usual: 'where it listens' },
  trustedProxies: { what: 'Addresses and networks whose X-Forwarded headers are believed', takes: 'list' },
  keepAlive: {
    what: 'How long an idle connection is kept, longer than by any proxy',
    takes: 'duration',
    usual: '620s',
  },
  drain: {
    what: 'How long it still answers when it is told to stop, while /readyz sends others elsewhere',
    takes: 'duration',
    usual: 'not at all',
  },
  keepAudit: { what: 'How long to keep audit events, as 365d', takes: 'duration', usual: 'for ever' },
  keepEndedTokens: { what: 'How long to keep tokens past their end, as 90d', takes: 'duration', usual: 'for ever' },
  keepAddresses: {
    what: 'How much to keep of the addresses that use tokens and logins: whole, or network (/24, IPv6 /48)',
    takes: 'amount',
    usual: 'whole',
  },
  notifyBefore: {
    what: 'How long before the end of a token its maker gets a mail; none for never',
    takes: 'list',
    usual: '30d,7d,1d',
  },
  maxApps: { what: 'Most apps of an organization', takes: 'number', usual: '10000; none for no bound' },
  maxMachines: { what: 'Most machines of an organization', takes: 'number', usual: '10000; none for no bound' },
  maxVolumes: { what: 'Most volumes of an organization', takes: 'number', usual: '10000; none for no bound' },
  maxVolumeGb: { what: 'Most GB of volumes of an organization', takes: 'number', usual: '10000; none for no bound' },
  maxMembers: { what: 'Most members of an organization', takes: 'number', usual: '10000; none for no bound' },
  maxTokens: { what: 'Most live tokens of an organization', takes: 'number', usual: 'none' },
  engine: {
    what: 'What runs machines: auto, none, local, docker, kubernetes, unix:///path or tcp://host:port',
    takes: 'engine',
    usual: 'auto: Docker or Podman, or local, on this kernel',
  },
  podSecurity: {
    what: 'How much a cluster lets machines do: restricted, which runs nothing as root, or baseline',
    takes: 'level',
    usual: 'restricted',
  },
  podNetwork: {
    what: 'Which network of a cluster machines take: isolated, which keeps organizations apart, or shared',
    takes: 'kind',
    usual: 'isolated',
  },
  machinesRate: {
    what: 'How often a second one holder may do the same to one machine',
    takes: 'number',
    usual: '1; none for no bound',
  },
  privateIssuers: {
    what: 'Issuers of identity tokens that may be in a private network',
    takes: 'list',
  },
  authorizeRules: {
    what: 'Which access /authorize asks for, by rules: see docs/gateways.md',
    takes: 'file',
    isNeverEmpty: true,
    usual: 'its query says so',
  },
  requirePkce: {
    what: 'Let in only command lines that prove that they asked, as flyctl does not always',
    isSwitch: true,
    isNeverEmpty: true,
  },
  rootKey: {
    what: 'Root key: 32 bytes as base64 or hex',
    isSecret: true,
    usual: 'root.key in the data directory, made on first start',
  },
  bootstrapEmail: { what: 'First account, without a setup code' },
  bootstrapPassword: { what: 'Its password', isSecret: true },
  smtpUrl: { what: 'Mail server, for invitations, resets and notices', isSecret: true },
  mailFrom: { what: 'Sender of what is mailed' },
  oidcIssuer: { what: 'OpenID provider to log in with' },
  oidcClientId: { what: 'What it knows the authority by' },
  oidcClientSecret: { what: 'What the authority proves itself with there', isSecret: true },
  oidcName: { what: 'What its button says', usual: "the issuer's host" },
  oidcSignUpDomains: { what: 'Whose people need no invitation, as example.com,example.org', usual: "nobody's" },
  oidcTrustEmails: { what: 'Count addresses without email_verified as proven', isSwitch: true },
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof settings

/** `--keep-alive` */
export function flagOf(name: SettingName): string {
  return `--${toKebab(name)}`
}

/** `HALLPASS_KEEP_ALIVE` */
export function variableOf(name: SettingName): string {
  return `HALLPASS_${toKebab(name).replaceAll('-', '_').toUpperCase()}`
}

export function listSettings(): readonly (Setting & { readonly name: SettingName })[] {
  return (Object.keys(settings) as SettingName[]).map((name) => ({ name, ...settings[name] }))
}

/** Whether a flag sets it. The others are set by a variable alone. */
export function hasFlag({ name, takes }: { readonly name: SettingName } & Setting): boolean {
  return takes !== undefined || name === 'requirePkce'
}

/** `apiUrl` as people write it: `api-url`. */
export function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
