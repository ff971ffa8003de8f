Call("crm.deal.newest");
