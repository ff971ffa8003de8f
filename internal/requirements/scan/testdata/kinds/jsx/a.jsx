export const View = ({ user, id }) => <div><p>Don't go: {user.name}'s deals</p> <Row load={() => call('crm.lead.list')} /> <b>It's</b> {call('crm.lead.get', { id })}</div>
const other = id ? 'crm.deal.list' : "crm.deal.get"
