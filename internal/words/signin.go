package words

import "boxready/oauthflow"

// SignInPage returns the texts of the page that the browser ends on.
func (w *Texts) SignInPage() oauthflow.Page {
	words := func(kind string) oauthflow.Words {
		return oauthflow.Words{Title: w.Say("sign-in-page."+kind+".title", nil), Text: w.Say("sign-in-page."+kind+".text", nil)}
	}
	page := oauthflow.Page{
		Lang: w.Lang(), Done: words("done"), Failed: words("failed"), Waiting: words("waiting"), Reasons: map[oauthflow.Reason]string{},
	}
	for _, reason := range oauthflow.Reasons() {
		page.Reasons[reason] = w.Say("sign-in-page.reason-"+string(reason), nil)
	}
	return page
}
