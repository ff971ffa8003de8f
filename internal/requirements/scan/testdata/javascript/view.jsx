export const View = ({ id }) => (
  <Card title="crm.quote.list" onOpen={() => BX24.callMethod('crm.lead.get', { id })}>
    <p>Don't worry about crm.quote.get</p>
    <Link to={'/crm/lead/'} /> <b>{id / 2}</b>
    {items.map((item) => <Row key={item.ID} load={() => call('crm.lead.list', { id: item.ID })} />)}
  </Card>
)
