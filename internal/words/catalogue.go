package words

import (
	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/renewal"
)

// CatalogueState says of which day a list of methods, events and hosts is, and whether it is built in.
func (w *Texts) CatalogueState(date string, renewed bool) string {
	return w.Say("catalogue.state", checks.Args{"date": date, "renewed": renewed})
}

// CatalogueInUse is a line about the list in use.
func (w *Texts) CatalogueInUse() string {
	info := bitrix.CatalogueInfo()
	return w.Say("report.about.catalogue", nil) + ": " + w.CatalogueState(info.Date, info.Renewed.Key != "")
}

// RefusedCatalogue says why a catalogue wasn't taken over.
func (w *Texts) RefusedCatalogue(e *renewal.Error) string {
	return w.catalogueError("catalogue.refused", e)
}

// UnusedCatalogue says why the kept catalogue isn't used.
func (w *Texts) UnusedCatalogue(e *renewal.Error) string {
	return w.catalogueError("catalogue.unused", e)
}

func (w *Texts) catalogueError(key string, e *renewal.Error) string {
	why := w.Say("catalogue.fault."+string(e.Code), checks.Args{"from": e.From, "date": e.Date, "status": e.Status})
	return w.Say(key, checks.Args{"why": why, "inUse": bitrix.CatalogueInfo().Date})
}
