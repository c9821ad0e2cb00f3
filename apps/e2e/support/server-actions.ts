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
  const body = `--b\r\nContent-Disposition: form-data; name="$ACTION_ID_${id}"\r\n\r\n\r\n--b--\r\n`
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  return { method: 'POST', headers, body, mayFail: true }
}
