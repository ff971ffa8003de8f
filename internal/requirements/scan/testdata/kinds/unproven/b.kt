client.call("crm.deal.newest")
