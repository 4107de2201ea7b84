// Buttons, and links that look like them: one of each kind.
import type { ComponentProps, ReactNode } from 'react'
import { Link } from 'wouter'

import { joinClasses } from './classes.ts'

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger' | 'quiet-danger'

const base =
  'inline-flex items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap select-none ' +
  'transition-colors disabled:cursor-not-allowed aria-disabled:cursor-not-allowed'

const kinds: Readonly<Record<ButtonKind, string>> = {
  primary: 'bg-accent text-on-accent not-disabled:hover:bg-accent-strong disabled:opacity-55',
  secondary:
    'border border-edge bg-raised text-ink not-disabled:hover:bg-sunken disabled:text-muted disabled:border-line',
  quiet: 'text-muted not-disabled:hover:bg-sunken not-disabled:hover:text-ink disabled:opacity-55',
  danger: 'bg-danger text-page not-disabled:hover:bg-danger-strong disabled:opacity-55',
  'quiet-danger': 'text-danger not-disabled:hover:bg-danger-soft disabled:text-muted',
}

const sizes = {
  medium: 'h-9 px-3.5 text-base',
  small: 'h-8 px-2.5 text-small',
} as const

interface Look {
  readonly kind?: ButtonKind
  readonly size?: keyof typeof sizes
}

interface ButtonProps extends ComponentProps<'button'>, Look {
  /** Something is under way: it cannot be pressed again, and says so. */
  readonly busy?: boolean
}

export function Button({ kind = 'secondary', size = 'medium', busy = false, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={buttonClasses({ kind, size }, className)}
    />
  )
}

interface LinkButtonProps extends Look {
  readonly href: string
  readonly className?: string
  readonly children: ReactNode
}

/** A link within the dashboard. */
export function LinkButton({ kind, size, className, ...rest }: LinkButtonProps) {
  return <Link {...rest} className={buttonClasses({ kind, size }, className)} />
}

export function buttonClasses({ kind = 'secondary', size = 'medium' }: LooseLook, more?: string): string {
  return joinClasses(base, kinds[kind], sizes[size], more)
}

interface LooseLook {
  readonly kind?: ButtonKind | undefined
  readonly size?: keyof typeof sizes | undefined
}
