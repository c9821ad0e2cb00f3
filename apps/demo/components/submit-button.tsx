'use client'

import type { ReactNode } from 'react'
import { useFormStatus } from 'react-dom'

/** Says that it is busy, and takes no second click meanwhile, without losing the focus. */
export function SubmitButton({
  children,
  busy,
  className = '',
}: {
  children: ReactNode
  busy: string
  className?: string
}) {
  const { pending } = useFormStatus()
  return (
    <button
      type="submit"
      className={`button ${className}`}
      aria-disabled={pending}
      onClick={(event) => pending && event.preventDefault()}
    >
      {pending ? busy : children}
    </button>
  )
}
