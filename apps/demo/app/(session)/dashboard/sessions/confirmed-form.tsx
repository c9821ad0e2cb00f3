'use client'

import { type FormEvent, type ReactNode, useId, useRef } from 'react'

interface ConfirmedFormProps {
  /** Without JavaScript, where nobody is asked. */
  readonly action: (form: FormData) => Promise<void>
  readonly onConfirmed: () => void
  readonly button: string
  readonly label?: string
  readonly question: string
  readonly children?: ReactNode
}

/** A button that asks whether it is meant. */
export function ConfirmedForm({
  action,
  onConfirmed,
  button,
  label,
  question,
  children,
}: ConfirmedFormProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()

  function ask(event: FormEvent) {
    event.preventDefault()
    if (dialog.current === null) return
    // Escape leaves the answer of the last time.
    dialog.current.returnValue = ''
    dialog.current.showModal()
  }

  return (
    <>
      <form action={action} onSubmit={ask}>
        {children}
        <button type="submit" className="button button-danger" aria-label={label}>
          {button}
        </button>
      </form>
      <dialog
        ref={dialog}
        aria-labelledby={title}
        onClose={() => dialog.current?.returnValue === 'yes' && onConfirmed()}
      >
        <form method="dialog" className="stack">
          <h2 id={title}>{question}</h2>
          <p>Whoever is there has to sign in again.</p>
          <div className="actions">
            <button type="submit" value="yes" className="button button-danger">
              End
            </button>
            <button type="submit" value="no" className="button button-quiet">
              Cancel
            </button>
          </div>
        </form>
      </dialog>
    </>
  )
}
