# Calls crm.quote.list.
=begin
client.call('crm.quote.get')
=end
class Deals
  METHODS = %w[crm.deal.list user.get crm.contact.list].freeze
  METHOD = 'crm.deal.get'

  def load(id)
    client.call 'crm.deal.update', id: id
    client.call(:'crm.company.add', {})
    client.call("user.current") # 'crm.quote.add'
    HTTP.get("#{webhook}crm.company.list.json?start=#{page["next"]}")
    HTTP.get("#{@webhook}/department.get")
    HTTP.post('https://portal.example/rest/1/key/crm.status.list')
    batch = { a: 'crm.lead.get?ID=1', 'b' => 'user.search?NAME=x' }
    client.call("crm.#{entity}.list")
    client.call('crm.' + entity + '.get')
    body = <<~JSON
      {"method": "crm.lead.list", "note": "it's crm.quote.update"}
    JSON
    raise ArgumentError, "crm.quote.delete isn't there" if body =~ /['"]crm\.quote/
    I18n.t('user.update')
    list << 'crm.lead.add'
    client.call('event.bind', event: 'ONCRMDEALADD', handler: 'https://app.example.com/h')
    case params['event']
    when 'ONCRMDEALUPDATE', 'OnCrmDealDelete' then client.call('tasks.task.add')
    end
    x / 2
  end
end
