cmd = {f"crm.deal.update_{deal}": f"crm.lead.get?ID={deal}", "crm.deal.add_" + str(deal): 1}
CLIENT_ID = "app.5f3e1c2a4b6d78.12345678"
permissions = ["crm.deal.add", "user.get", "crm.deal.export"]
text = _("crm.deal.title") + gettext("user.get")
user.has_perm("crm.quote.update")
log.info("crm.quote.get")
