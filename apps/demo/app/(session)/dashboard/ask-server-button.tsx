'use client'

import { useActionState } from 'react'

export function AskServerButton({ ask }: { ask: () => Promise<string> }) {
  const [answer, send, pending] = useActionState(ask, null)
  return (
    <form action={send} className="stack">
      <button type="submit" className="button" aria-disabled={pending}>
        {pending ? 'Asking…' : 'Ask the server'}
      </button>
      <div aria-live="polite" className="secret">
        {answer !== null && <code>{answer}</code>}
      </div>
    </form>
  )
}
