val cmd = mapOf("crm.deal.update_$id" to "crm.lead.get?ID=$id")
val clientId = "app.5f3e1c2a4b6d78.12345678"
val permissions = listOf("crm.deal.add", "user.get")
val text = getString("crm.deal.title")
