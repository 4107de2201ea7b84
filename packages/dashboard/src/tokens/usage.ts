// How a token is used, as lines to copy. The token itself stays out of them: lines end up in histories and repositories.
// What a shell takes is one line: where it reads, it would read the next one, and then run the token as a command.

export interface Usage {
  readonly value: string
  readonly label: string
  readonly lead: string
  readonly lines: string
}

/**
 * Where `read -s` is not known (dash, yash), or `read -r` (fish), sh asks. It reads without the terminal's own editing,
 * which keeps 4,095 characters of a line, and on macOS 1,024.
 */
const ask =
  `export HALLPASS_API_TOKEN="$(sh -c 'was=$(stty -g); trap "stty $was" 0; trap "exit 1" 1 2 15; ` +
  `stty -echo -icanon min 1 time 0; printf "Token: " >&2; IFS= read -r token; echo >&2; printf %s "$token"')"`

export function usagesOf(origin: string, rawSlug: string): readonly [Usage, ...Usage[]] {
  return [
    {
      value: 'cli',
      label: 'Command line',
      lead: 'For sh, bash, zsh, ksh and fish. Paste the token when it asks, and press Enter.',
      lines: [ask, `export HALLPASS_API_URL=${origin}`, `npx hallpass apps list -o ${rawSlug}`].join(' && '),
    },
    {
      value: 'curl',
      label: 'curl',
      lead: 'Paste the token when it asks, with its FlyV1. It is the whole value of the Authorization header.',
      lines: [
        ask,
        // Other people of the machine see the arguments of curl.
        `printf 'Authorization: %s\\n' "$HALLPASS_API_TOKEN" | curl -H @- "${origin}/v1/apps?org_slug=${rawSlug}"`,
      ].join(' && '),
    },
    {
      value: 'actions',
      label: 'GitHub Actions',
      lead: 'Store the token as a secret of the repository: Settings, Secrets and variables, Actions.',
      lines: [
        'env:',
        `  HALLPASS_API_URL: ${origin}`,
        '  HALLPASS_API_TOKEN: ${{ secrets.HALLPASS_API_TOKEN }}',
        'steps:',
        `  - run: npx hallpass apps list -o ${rawSlug}`,
      ].join('\n'),
    },
  ]
}
