$b24.callMethod("crm.deal.newest")
