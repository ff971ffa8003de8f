const PREFIX = 'crm.lead.'
let entity: string = 'crm.deal'
class Client {
  prefix = 'crm.contact'
  load(name: string) {
    this.call(PREFIX + 'add')
    this.call(`${entity}.list`)
    this.call(`${this.prefix}.get`)
    this.call(this.prefix + '.update', { id: 1 })
    const verb = 'fields'
    return this.call('crm.company.' + verb)
  }
  other(entity: string) {
    return this.call(`${entity}.delete`)
  }
}
