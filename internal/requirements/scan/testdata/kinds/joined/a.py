PREFIX = "crm.lead."


class Deals:
    entity = "crm.deal"

    def load(self, bx, company):
        bx.call(PREFIX + "add")
        bx.call(f"{self.entity}.list")
        if company:
            kind = "crm.company"
        else:
            kind = "crm.contact"
        bx.call(f"{kind}.get")
        t = "crm.quote."
        bx.call(t + "add")
        t = "crm.product."
        return bx.call(t + "list")

    def other(self, bx, kind):
        return bx.call(f"{kind}.update")
