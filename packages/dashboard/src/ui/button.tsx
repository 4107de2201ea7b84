// Buttons, and links that look like them: one of each kind.
import type { ComponentProps, ReactNode } from 'react'
import { Link } from 'wouter'

import { joinClasses } from './classes.ts'

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger' | 'quiet-danger'

const base =
  'inline-flex items-center justify-center gap-2 rounded-control py-1 text-center font-medium select-none ' +
  'forced-colors:border transition-colors disabled:cursor-not-allowed aria-busy:cursor-progress aria-busy:opacity-60'

const disabled = 'disabled:bg-sunken disabled:text-muted'

const kinds: Readonly<Record<ButtonKind, string>> = {
  primary: 'not-disabled:bg-accent not-disabled:text-on-accent not-disabled:hover:bg-accent-strong ' + disabled,
  secondary:
    'border not-disabled:border-edge not-disabled:bg-raised not-disabled:text-ink not-disabled:hover:bg-sunken disabled:border-line disabled:text-muted',
  quiet: 'text-muted not-disabled:hover:bg-sunken not-disabled:hover:text-ink',
  danger: 'not-disabled:bg-danger-fill not-disabled:text-white not-disabled:hover:bg-danger-strong ' + disabled,
  'quiet-danger': 'text-danger not-disabled:hover:bg-danger-soft disabled:text-muted',
}

const sizes = {
  medium: 'min-h-9 px-3.5 text-base',
  small: 'min-h-8 px-2.5 text-small',
} as const

interface Look {
  readonly kind?: ButtonKind
  readonly size?: keyof typeof sizes
}

interface ButtonProps extends ComponentProps<'button'>, Look {
  /** Something is under way: it cannot be pressed again, and says so. */
  readonly busy?: boolean
}

export function Button({
  kind = 'secondary',
  size = 'medium',
  busy = false,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      // Not disabled while it is busy: the focus would be lost.
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={buttonClasses({ kind, size }, className)}
    />
  )
}

interface LinkButtonProps extends Look {
  readonly href: string
  readonly 'aria-label'?: string
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
