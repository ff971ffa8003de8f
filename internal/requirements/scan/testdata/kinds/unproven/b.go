package a

var _ = client.Call("crm.deal.newest")
