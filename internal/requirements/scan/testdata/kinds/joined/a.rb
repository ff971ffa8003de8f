class Leads
  PREFIX = 'crm.lead.'.freeze

  def load(client)
    client.call(PREFIX + 'add')
    @entity = 'crm.deal'
    client.call("#{@entity}.list")
    entity = 'crm.contact'
    client.call("#{entity}.get")
  end
end
