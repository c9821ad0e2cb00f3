import Link from 'next/link'
import { UserId } from '@/components/user-id'
import { lookupSession } from '@/session'

const ROUTES = [
  { path: '/public', who: 'anyone', what: 'Says who you are, if anyone.' },
  { path: '/static', who: 'anyone', what: 'Prerendered, behind the proxy all the same.' },
  { path: '/dashboard', who: 'signed in', what: 'Your session, and a server action.' },
  { path: '/dashboard/sessions', who: 'signed in', what: 'Your devices: end one, or all the others.' },
  { path: '/files/private/report', who: 'signed in', what: 'One branch of a catch-all route.' },
  {
    path: '/acme/settings',
    who: 'signed in',
    what: 'Guarded for every tenant; keeps a note in the session.',
  },
  { path: '/cached', who: 'signed in', what: 'In a segment that caches every fetch.' },
  { path: '/sensitive', who: 'just signed in', what: 'Asks for the password again after a while.' },
  { path: '/admin', who: 'role admin', what: 'Others get 403; signs users out everywhere.' },
] as const

export default async function Home() {
  const lookup = await lookupSession()
  return (
    <>
      <section className="hero">
        <h1>Sessions you can take back</h1>
        <p className="lede">
          Every session lives in KV and is checked at the edge, before a page is rendered. End one anywhere,
          and it is over everywhere.
        </p>
        <p className="hero-state">
          {lookup.outcome === 'active' && (
            <>
              <span>You are</span> <UserId>{lookup.session.userId}</UserId>
            </>
          )}
          {lookup.outcome === 'none' && <span>You are anonymous</span>}
          {lookup.outcome === 'unknown' && <span>Your session can not be checked right now</span>}
        </p>
      </section>
      <div className="columns">
        <section className="card" aria-labelledby="routes">
          <h2 id="routes">Try the doors</h2>
          <ul className="routes">
            {ROUTES.map(({ path, who, what }) => (
              <li key={path}>
                <Link href={path} prefetch={false}>
                  {path}
                </Link>
                <span className="tag">{who}</span>
                <p>{what}</p>
              </li>
            ))}
          </ul>
        </section>
        <section className="card" aria-labelledby="users">
          <h2 id="users">Users</h2>
          <p>The password is “demo-” and the name.</p>
          <dl className="facts">
            <div>
              <dt>alice</dt>
              <dd>admin</dd>
            </div>
            <div>
              <dt>bob</dt>
              <dd>member</dd>
            </div>
          </dl>
          <p className="quiet">
            Also <code>123</code>, <code>true</code>, <code>null</code>, <code>日本</code>, <code>josé</code>,{' '}
            <code>__proto__</code> and others that break naive code.
          </p>
        </section>
      </div>
    </>
  )
}
