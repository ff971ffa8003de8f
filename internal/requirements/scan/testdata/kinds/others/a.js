BX24.callBatch({ [`crm.deal.update_${id}`]: `crm.lead.get?ID=${id}`, 'crm.deal.add_5': 1 })
const rows = result['crm.deal.list_' + id]
const clientId = 'app.5f3e1c2a4b6d78.12345678'
const permissions = ['crm.deal.add', 'user.get', 'crm.deal.export']
const text = t('crm.deal.title') + i18n.t('user.get')
can('crm.quote.update')
console.log('crm.quote.get')
