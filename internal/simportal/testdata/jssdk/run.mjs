// Run with node --eval where the packages are: calls the simulated portal with the official SDK and prints what the SDK makes of the answers.
// The task comes as JSON on standard input: {webhook, grants: {valid, expired, dead}}.
import { B24Hook, B24OAuth } from '@bitrix24/b24jssdk'
import { text } from 'node:stream/consumers'

const task = JSON.parse(await text(process.stdin))
const once = { restrictionParams: { maxRetries: 1 } }

// reading is an AjaxResult in plain words.
const reading = (r) => ({
  success: r.isSuccess,
  status: r.getStatus?.() ?? 0,
  result: r.isSuccess ? r.getData()?.result : null,
  time: r.isSuccess ? r.getData()?.time ?? null : null,
  errors: [...r.getErrors()].map((e) => ({ code: e.code ?? '', message: e.message })),
})

const attempt = async (f) => {
  try {
    return reading(await f())
  } catch (caught) {
    // The SDK wraps what a failed refresh says into an error of its own.
    const e = caught.originalError?.constructor.name === 'RefreshTokenError' ? caught.originalError : caught
    return { thrown: { name: e.constructor.name, code: String(e.code ?? ''), status: e.status ?? 0, message: e.message } }
  }
}

const oauth = (g, expires) => new B24OAuth({
  applicationToken: 'none', userId: Number(g.UserID), memberId: g.MemberID,
  accessToken: g.AccessToken, refreshToken: g.RefreshToken, expires, expiresIn: 3600,
  scope: g.Scope.join(','), domain: g.Domain, clientEndpoint: g.ClientEndpoint, serverEndpoint: g.ServerEndpoint, status: 'L',
}, { clientId: g.ClientID, clientSecret: g.ClientSecret }, once)

const later = Math.floor(Date.now() / 1000) + 3600
const out = {}

const hook = B24Hook.fromWebhookUrl(task.webhook, once)
for (const method of ['profile', 'scope', 'methods', 'no.such.method', 'placement.list']) {
  out['hook ' + method] = await attempt(() => hook.actions.v2.call.make({ method, params: {} }))
}
out['hook v3'] = await attempt(() => hook.actions.v3.call.make({ method: 'no.such.method', params: {} }))

const batch = await hook.actions.v2.batch.make({
  calls: {
    me: { method: 'profile', params: {} },
    known: { method: 'method.get', params: { name: 'crm.item.list' } },
    list: { method: 'crm.deal.list', params: { filter: { '>ID': 0, TITLE: 'Ю & <b>' }, select: ['ID', 'TITLE'] } },
    gone: { method: 'no.such.method', params: {} },
  },
  options: { isHaltOnError: false, returnAjaxResult: true },
})
out.batch = { success: batch.isSuccess, errors: [...batch.getErrors()].map((e) => e.code ?? e.message), commands: {} }
for (const [key, r] of Object.entries(batch.getData() ?? {})) {
  out.batch.commands[key] = reading(r)
}

const valid = oauth(task.grants.valid, later)
out['oauth profile'] = await attempt(() => valid.actions.v2.call.make({ method: 'profile', params: {} }))

// The SDK believes the token to be good, so that the portal has to say no; a custom refresh changes nothing.
const expired = oauth(task.grants.expired, later)
let asked = 0
expired.setCustomRefreshAuth(async () => {
  asked++
  const g = task.grants.expired
  return { access_token: g.AccessToken, refresh_token: g.RefreshToken, expires: String(later), expires_in: '3600', client_endpoint: g.ClientEndpoint, server_endpoint: g.ServerEndpoint, scope: '', status: 'L' }
})
out['oauth expired'] = await attempt(() => expired.actions.v2.call.make({ method: 'profile', params: {} }))
out.refreshAsked = asked

const renewed = oauth(task.grants.expired, later)
let seen = null
renewed.setCallbackRefreshAuth(async ({ b24OAuthParams }) => {
  const { status, scope, serverEndpoint, clientEndpoint, expiresIn } = b24OAuthParams
  seen = { status, scope, serverEndpoint, clientEndpoint, expiresIn }
})
out['oauth renewed'] = await attempt(() => renewed.actions.v2.call.make({ method: 'profile', params: {} }))
out.refreshed = seen
await renewed.auth.refreshAuth()
out['oauth renewed twice'] = await attempt(() => renewed.actions.v2.call.make({ method: 'profile', params: {} }))

const reused = oauth(task.grants.expired, later)
out['oauth reused'] = await attempt(() => reused.actions.v2.call.make({ method: 'profile', params: {} }))

const events = async (method, params) => {
  out['oauth ' + method] = await attempt(() => renewed.actions.v2.call.make({ method, params }))
}
await events('event.bind', { event: 'ONAPPTEST', event_type: 'offline', auth_connector: 'sdk' })
await events('event.test', { word: 'Ж' })
await events('event.offline.list', { auth_connector: 'sdk' })
await events('event.unbind', { event: 'ONAPPTEST', event_type: 'offline', auth_connector: 'sdk' })

const dead = oauth({ ...task.grants.dead, RefreshToken: 'invented' }, later)
out['oauth dead'] = await attempt(() => dead.actions.v2.call.make({ method: 'profile', params: {} }))

process.stdout.write(JSON.stringify(out))
