// Package bitrix calls crm.quote.list.
package bitrix

import "fmt"

const (
	methodDealList = "crm.deal.list" // not "crm.deal.add"
	methodUsers    = `user.get`
	quote          = '"'
)

/*
	c.Call("crm.quote.get", nil)
*/

var commands = map[string]string{
	"deal":  "crm.deal.get?ID=1",
	"users": "user.search?NAME=x",
}

var need = []string{"crm.contact.list", "user.current", "department.get"}

type request struct{ Method, Note string }

func (c *Client) Deals(ctx context.Context, id int) error {
	if err := c.Call(ctx, "crm.deal.update", params{"id": id}); err != nil {
		return fmt.Errorf("crm.quote.update of %d: %w", id, err)
	}
	c.post(c.base+"crm.company.add.json", nil)
	c.post(fmt.Sprintf("%s/crm.company.list.json", c.base), nil)
	c.post(fmt.Sprintf("https://%s/rest/%d/%s/crm.status.list", c.host, 1, c.key), nil)
	c.do(request{Method: "crm.lead.add", Note: "crm.quote.add isn't used"})
	c.Call(ctx, fmt.Sprintf("crm.%s.list", kind), nil)
	c.Call(ctx, "crm."+kind+".get", nil)
	body := `{"method":"crm.lead.list","params":{"select":["ID"]}}`
	c.Call(ctx, "batch", params{"cmd": commands})
	c.Call(ctx, "event.bind", params{"event": "ONCRMDEALADD", "handler": "https://app.example.com/events"})
	log.Printf("calling %s", "crm.quote.list failed")
	i18n.T("user.add")
	switch event {
	case "ONCRMDEALUPDATE", "OnCrmDealDelete":
		c.Call(ctx, "crm.timeline.comment.add", nil)
	case "user.update":
	}
	return c.send(body)
}
