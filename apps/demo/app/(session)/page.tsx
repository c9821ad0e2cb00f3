import Link from 'next/link'
import { StatelessNotice } from '@/components/stateless-notice'
import { UserId } from '@/components/user-id'
import { lookupSession } from '@/session'
import { isStateless } from '@/session-options'

const ROUTES = [
  { path: '/public', who: 'anyone', what: 'Says who you are, if anyone.' },
  { path: '/static', who: 'anyone', what: 'Prerendered, and behind the proxy all the same.' },
  { path: '/dashboard', who: 'signed in', what: 'Your session, and a server action.' },
  { path: '/dashboard/sessions', who: 'signed in', what: 'Your devices: end one, or all others.' },
  { path: '/files/private/report', who: 'signed in', what: 'One branch of a catch-all route.' },
  { path: '/acme/settings', who: 'signed in', what: 'Any tenant. Keeps a note in the session.' },
  { path: '/cached', who: 'signed in', what: 'Where Next.js caches every fetch.' },
  { path: '/sensitive', who: 'just signed in', what: 'Asks for the password again after a while.' },
  { path: '/admin', who: 'role admin', what: 'Others get 403. Signs users out everywhere.' },
] as const

export default async function Home() {
  const lookup = await lookupSession()
  return (
    <>
      <section className="hero">
        <h1>{isStateless ? 'Sessions without a store' : 'Sessions you can take back'}</h1>
        {isStateless ? (
          <StatelessNotice />
        ) : (
          <p className="lede">
            Every session lives in KV and is checked before a page is rendered. End one anywhere, and it is
            over everywhere.
          </p>
        )}
        <p className="hero-state">
          {lookup.outcome === 'active' && (
            <>
              You are <UserId>{lookup.session.userId}</UserId>
            </>
          )}
          {lookup.outcome === 'none' && 'You are anonymous'}
          {lookup.outcome === 'unknown' && 'Your session can not be checked right now'}
        </p>
      </section>
      <ul className="routes" aria-label="Pages to try">
        {ROUTES.map(({ path, who, what }) => (
          <li key={path}>
            <Link href={path} prefetch={false}>
              {path}
            </Link>
            <p>{what}</p>
            <span className={who === 'anyone' ? 'tag' : 'tag tag-accent'}>{who}</span>
          </li>
        ))}
      </ul>
      <p className="quiet">
        Sign in as <code>alice</code>, who is an admin, or <code>bob</code>, who is not; the password is{' '}
        <code>demo-</code> and the name. <code>123</code>, <code>true</code>, <code>null</code>,{' '}
        <code>日本</code>, <code>josé</code> and <code>__proto__</code> are users too, as odd ids break naive
        code.
      </p>
    </>
  )
}
