'use client'

import { type FormEvent, type ReactNode, startTransition, useId, useRef } from 'react'

interface ConfirmedFormProps {
  readonly action: (form: FormData) => void
  /** Runs in the transition of the action, for optimistic updates. */
  readonly onConfirmed: () => void
  readonly button: string
  readonly label?: string
  readonly question: string
  readonly children?: ReactNode
}

/** Asks before it submits; without JavaScript it submits at once. */
export function ConfirmedForm({
  action,
  onConfirmed,
  button,
  label,
  question,
  children,
}: ConfirmedFormProps) {
  const form = useRef<HTMLFormElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()

  function ask(event: FormEvent) {
    event.preventDefault()
    dialog.current?.showModal()
  }

  function answer() {
    if (dialog.current?.returnValue !== 'yes' || form.current === null) return
    const data = new FormData(form.current)
    startTransition(() => {
      onConfirmed()
      action(data)
    })
  }

  return (
    <>
      <form ref={form} action={action} onSubmit={ask}>
        {children}
        <button type="submit" className="button button-danger" aria-label={label}>
          {button}
        </button>
      </form>
      <dialog ref={dialog} aria-labelledby={title} onClose={answer}>
        <form method="dialog" className="stack">
          <h2 id={title}>{question}</h2>
          <p>It is over there at once.</p>
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
