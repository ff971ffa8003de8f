import { B24Hook, B24OAuth } from '@bitrix24/b24jssdk'
import type { Result } from './types'

/** Wraps crm.quote.list; see https://apidocs.bitrix24.com/crm.quote.get */
export const METHODS = {
  list: 'crm.item.list',
  get: "crm.item.get",
  user: 'user.get', // formerly user.search
  'crm.item.add': true,
} as const

const QUOTE = /['"`]crm\.quote\.add['"`]/g
const half = total / 2 / count // 'crm.quote.update'

type Known = 'crm.deal.list' | 'crm.deal.get'

export class Client<T extends object> {
  constructor(private readonly b24: B24Hook, private base: string) {}

  async items(entityTypeId: number): Promise<Result> {
    const response = await this.b24.actions.v2.call.make<Result>({ method: 'crm.item.fields', params: { entityTypeId } })
    const all = await this.b24.callListMethod<Result>('tasks.task.list', { select: ['ID'] })
    const batch = await this.b24.callBatch({
      me: ['user.current', {}],
      stages: { method: 'crm.category.list', params: {} },
      raw: 'crm.status.list?filter[ENTITY_ID]=STATUS',
    })
    await fetch(`${this.base}crm.contact.add.json`, { method: 'POST' })
    await fetch(`${this.base}/crm.contact.list?start=${all.length}`)
    await fetch(this.base + 'crm.company.add')
    await fetch('https://portal.example/rest/7/key/crm.company.list/')
    await axios.post(`${url}/user.admin.json`)
    return response
  }

  async dynamic(entity: string, verb: 'list' | 'get') {
    await this.b24.callMethod(`crm.${entity}.${verb}`)
    await this.b24.callMethod('crm.' + entity + '.update')
    const nested = `${await this.call('crm.duplicate.findbycomm')} and ${`${this.call('crm.requisite.list')}`}`
    return nested
  }

  notMethods(t: (k: string) => string, router: Router) {
    router.push({ name: 'user.update' })
    const label = t('crm.quote.list')
    const title = i18n('user.add')
    console.warn('crm.quote.list is going away, use "crm.quote.get"')
    this.emit('user.update')
    import('crm.quote.add')
    document.querySelector('crm.quote.list')
    const text = "Don't use 'crm.quote.fields'"
    return { label, title, scope: 'own', profile: 'none' }
  }

  events() {
    this.b24.callMethod('event.bind', { event: 'OnCrmContactAdd', handler: 'https://app.example.com/hook' })
    this.bus.addEventListener('onTaskAdd', () => {})
    if (body.event === 'ONTASKDELETE') return this.call('tasks.task.delete')
    return body.event === 'ONIMCONNECTORMESSAGEADD' ? 'imconnector.send.messages' : 'imconnector.status'
  }
}

export function build(kind: string): string {
  switch (kind) {
    case 'deal':
      return 'crm.deal.add'
    default:
      return ready ? 'crm.lead.add' : `crm.lead.update`
  }
}
