package bitrix

const prefix = "crm.lead."

func (c *Client) Load(verb string) {
	c.Call(prefix+"add", nil)
	entity := "crm.deal"
	c.Call(entity+".list", nil)
	c.Call("crm."+kind(verb)+".get", nil)
}
