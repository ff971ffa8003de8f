package a

var cmd = map[string]string{"crm.deal.update_" + id: "crm.lead.get?ID=" + id, fmt.Sprintf("crm.deal.add_%d", id): "x"}
var permissions = []string{"crm.deal.add", "user.get", "crm.deal.export"}

const clientID = "app.5f3e1c2a4b6d78.12345678"

var text = i18n.T("crm.deal.title")
