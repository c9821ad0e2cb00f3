import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outgoing } from './http.ts'
import { directoryOf, type Variant } from './variants.ts'

/** The ids of all server actions of a built variant, as its own client code knows them. */
export function actionIds(variant: Variant): readonly string[] {
  const file = join(directoryOf(variant), '.next/server/server-reference-manifest.json')
  const { node, edge } = JSON.parse(readFileSync(file, 'utf8')) as Record<'node' | 'edge', object>
  return Object.keys({ ...node, ...edge })
}

/** How Next.js' client calls an action. Next.js answers 500 to calls it can not make sense of. */
export function actionCall(id: string, args = '[]'): Outgoing {
  const headers = {
    'next-action': id,
    accept: 'text/x-component',
    'content-type': 'text/plain;charset=UTF-8',
  }
  return { method: 'POST', headers, body: args, mayFail: true }
}

/** How a form calls it without JavaScript. */
export function actionForm(id: string): Outgoing {
  return { ...posted([[`$ACTION_ID_${id}`, '']]), mayFail: true }
}

/** How Next.js' client calls an action of `useActionState`: with the state before, and a form of these values. */
export function actionWithForm(id: string, values: Readonly<Record<string, string>>): Outgoing {
  // As React 19.3 names the fields of an argument, and as it did before.
  const fields = ['_1_', '1_'].flatMap((prefix) =>
    Object.entries(values).map(([name, value]) => [prefix + name, value] as const),
  )
  const { headers, ...call } = posted([...fields, ['0', '["","$K1"]']])
  return { ...call, headers: { ...headers, 'next-action': id, accept: 'text/x-component' }, mayFail: true }
}

/** The form of a page, sent with these values and its own hidden ones. */
export function filledForm(html: string, values: Readonly<Record<string, string>>): Outgoing {
  return posted([...new Map([...hiddenFields(html), ...Object.entries(values)])])
}

/** Names and values of what a page's forms send without showing it. */
export function hiddenFields(html: string): readonly (readonly [string, string])[] {
  return [...html.matchAll(/<input type="hidden"[^>]*>/g)].map(
    ([input]) => [attribute(input, 'name'), attribute(input, 'value')] as const,
  )
}

function attribute(tag: string, name: string): string {
  const html = new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
  return html.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&amp;', '&')
}

function posted(fields: readonly (readonly [string, string])[]): Outgoing {
  // Shorter ones are refused by undici.
  const boundary = '-'.repeat(27) + randomBytes(8).toString('hex')
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  return { method: 'POST', headers, body: `${parts.join('')}--${boundary}--\r\n` }
}
