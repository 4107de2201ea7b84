// The mails that tell people of their tokens without being asked, as text and as HTML.
import { escapeHtml, formatMinute, harmlessName, type Mail } from '../domain/mail.ts'
import type { NoticeKind } from '../domain/notice.ts'

export interface NoticeWords {
  readonly kind: NoticeKind
  readonly to: string
  readonly tokens: readonly NoticedToken[]
  /** How many more there are. */
  readonly others: number
  /** The address for people, without a slash at the end. */
  readonly publicUrl: string
}

interface NoticedToken {
  readonly id: string
  readonly name: string
  readonly organisation: { readonly slug: string; readonly name: string }
  /** Milliseconds, as all times here. */
  readonly endsAt: number
  readonly successorId: string | null
  /** The use after its end. */
  readonly use: { readonly at: number; readonly address: string; readonly userAgent: string } | undefined
}

/** Nothing that somebody chose is in the subject, and names become no link. */
export function writeNotice({ kind, to, tokens, others, publicUrl }: NoticeWords): Mail {
  const { subject, intro, advice, more } = words[kind]
  const entries = tokens.map((token) => ({
    lines: [`${harmlessName(token.name)} (${token.id})`, ...linesOf(token)],
    url: `${publicUrl}/dashboard/${token.organisation.slug}/tokens/${token.id}`,
  }))
  const rest = others === 0 ? [] : [more(tokens.length === 0 ? `${others} tokens` : `And ${others} more`)]
  const html = entries.map(
    ({ lines, url }) =>
      `<p>${lines.map(escapeHtml).join('<br>')}<br><a href="${escapeHtml(url)}">${escapeHtml(url)}</a></p>`,
  )
  return {
    to,
    subject,
    text: [
      intro,
      '',
      ...entries.flatMap(({ lines, url }) =>
        [...lines, url].map((line, at) => (at === 0 ? line : `  ${line}`)).concat(''),
      ),
      ...rest.flatMap((line) => [line, '']),
      ...advice,
      '',
      reason,
      '',
    ].join('\n'),
    html: [
      '<!doctype html>',
      `<html lang="en"><head><meta charset="utf-8"><title>${subject}</title></head>`,
      '<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">',
      `<p>${intro}</p>`,
      ...html,
      ...rest.map((line) => `<p>${line}</p>`),
      ...advice.map((line) => `<p>${line}</p>`),
      `<p>${reason}</p>`,
      '</body></html>',
      '',
    ].join('\n'),
  }
}

const reason =
  'You get this message because you made these tokens, or because you are an admin of their organization and the person ' +
  'who made them is not there any more. It comes once a day at most, and never contains a token.'

const words: Readonly<
  Record<
    NoticeKind,
    {
      readonly subject: string
      readonly intro: string
      readonly advice: readonly string[]
      /** Where to find those that are only counted. */
      readonly more: (others: string) => string
    }
  >
> = {
  end: {
    subject: 'Tokens on Hallpass end soon',
    intro: 'These tokens end soon. What uses them stops working then:',
    advice: [
      'To replace a token by one that can do the same, run "hallpass tokens rotate ID", or open its page and press Rotate.',
      'If nobody needs it any more, there is nothing to do.',
    ],
    more: (others) => `${others}, which the list of tokens shows: hallpass tokens list`,
  },
  late: {
    subject: 'A token on Hallpass was used after its end',
    intro: 'These tokens were replaced and have ended, and somebody tried to use them afterwards. They were refused:',
    advice: [
      'If you know the program, give it the token that replaced the old one.',
      'If you do not, somebody may have a copy of the old token. It opens nothing any more.',
    ],
    more: (others) => `${others}, which the audit trail shows: hallpass orgs audit`,
  },
}

function linesOf({ organisation, endsAt, successorId, use }: NoticedToken): readonly string[] {
  const ofOrganisation = `organization ${harmlessName(organisation.name)} (${organisation.slug})`
  if (use === undefined) return [ofOrganisation, `ends at ${formatMinute(endsAt)}`]
  const program = use.userAgent === '' ? '' : `, by ${harmlessProgram(use.userAgent)}`
  return [
    ofOrganisation,
    `ended at ${formatMinute(endsAt)}`,
    ...(successorId === null ? [] : [`replaced by ${successorId}`]),
    `used at ${formatMinute(use.at)} from ${use.address}${program}`,
  ]
}

/** A name of a program, with its version as programs write it (RFC 9110 §10.1.5): `curl/8.5.0`. */
function harmlessProgram(userAgent: string): string {
  const isProduct = (word: string) => /^[A-Za-z][\w-]*\/\d[\d.]*$/.test(word)
  return userAgent
    .split(' ')
    .map((word) => (isProduct(word) ? word : harmlessName(word)))
    .join(' ')
}
