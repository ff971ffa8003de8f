cmd = { "crm.deal.update_#{id}" => "crm.lead.get?ID=#{id}" }
client_id = 'app.5f3e1c2a4b6d78.12345678'
permissions = %w[crm.deal.add user.get]
text = I18n.t('crm.deal.title')
