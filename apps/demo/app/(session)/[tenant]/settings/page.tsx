import type { Metadata } from 'next'
import { Secret } from '@/components/secret'
import { requireSession } from '@/session'
import { NoteForm } from './note-form'
import { saveNote } from './save-note'

export const metadata: Metadata = { title: 'Settings' }

export default async function Settings({ params }: PageProps<'/[tenant]/settings'>) {
  const { tenant } = await params
  const { data } = await requireSession({ returnTo: `/${tenant}/settings` })
  return (
    <article className="card">
      <h1>Settings</h1>
      <p>
        Of <code className="path">{decodeURIComponent(tenant)}</code>. Every tenant’s settings are guarded by
        one pattern.
      </p>
      <Secret of="settings" />
      <NoteForm note={typeof data.note === 'string' ? data.note : ''} save={saveNote} />
    </article>
  )
}
