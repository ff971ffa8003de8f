package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A page in the documentation's shape, with what a test needs filled in.
func methodPage(path, enHeading, ruHeading, sample, more string) page {
	return page{
		path: path,
		en: "# " + enHeading + "\n\n> Scope: [`crm`](../scopes.md)\n>\n> Who can execute the method: any user\n\n" + more +
			"\n## Code Examples\n\n    https://**put_your_bitrix24_address**/rest/**put_your_user_id_here**/**put_your_webhook_here**/" + sample + "\n",
		ru: "# " + ruHeading + "\n",
	}
}

func TestRowsOfMethodPages(t *testing.T) {
	const note = "{% note warning \"DEPRECATED\" %}\n\nUse [crm.item.add](./a.md).\n\n{% endnote %}\n"
	for name, tc := range map[string]struct {
		pages []page
		want  string
	}{
		"the usual page": {
			[]page{methodPage("a.html", "Add a Deal crm.deal.add", "Добавить сделку crm.deal.add", "crm.deal.add", "")},
			"M crm.deal.add crm  any  2     a.html",
		},
		"no name in the English heading": {
			[]page{methodPage("a.html", "Retrieve Fields", "Получить поля crm.item.fields", "crm.item.fields", "")},
			"M crm.item.fields crm  any  2     a.html",
		},
		"a typing error in one heading": {
			[]page{methodPage("a.html", "Delete department.department.delete", "Удалить department.delete", "department.delete", "")},
			"M department.delete crm  any  2     a.html",
		},
		"samples of another method": {
			[]page{methodPage("a.html", "Get rpa.item.get", "Получить rpa.item.get", "rpa.item.list", "")},
			"M rpa.item.get crm  any  2     a.html",
		},
		"both headings cut the name short": {
			[]page{methodPage("a.html", "Get task.item", "Получить task.item", "task.item.getmanifest", "")},
			"M task.item.getmanifest crm  any  2     a.html",
		},
		"no heading has the name": {
			[]page{methodPage("a.html", "List of Methods", "Список методов", "feature.list", "")},
			"M feature.list crm  any  2     a.html",
		},
		"a name of one word": {
			[]page{methodPage("a.html", "Get the Current User", "Получить пользователя profile", "profile", "")},
			"M profile crm  any  2     a.html",
		},
		"a name amid the heading": {
			[]page{methodPage("a.html", "Add the imbot.command.register Command", "Добавить imbot.command.register", "imbot.command.register", "")},
			"M imbot.command.register crm  any  2     a.html",
		},
		"an alias in the text": {
			[]page{methodPage("a.html", "bizproc.instances", "bizproc.instances", "bizproc.instances", "There is `bizproc.instance.list` — an alias for it.\n")},
			"M bizproc.instance.list crm  any d 2    bizproc.instances a.html|M bizproc.instances crm  any  2     a.html",
		},
		"a successor": {
			[]page{methodPage("a.html", "crm.deal.add", "crm.deal.add", "crm.deal.add", note)},
			"M crm.deal.add crm  any d 2    crm.item.add a.html",
		},
		"a folder of old methods": {
			[]page{methodPage("crm/outdated/a.html", "crm.deal.add", "crm.deal.add", "crm.deal.add", "")},
			"M crm.deal.add crm  any d 2     crm/outdated/a.html",
		},
		"only applications": {
			[]page{methodPage("a.html", "app.info", "app.info", "app.info", "The method works only in the context of an [application](b.md).")},
			"M app.info crm  any a 2     a.html",
		},
		"both generations": {
			[]page{
				methodPage("a.html", "tasks.task.add", "tasks.task.add", "tasks.task.add", ""),
				methodPage("a3.html", "tasks.task.add", "tasks.task.add", "tasks.task.add", "https://portal/rest/api/1/code/tasks.task.add"),
			},
			"M tasks.task.add crm  any  2+3     a.html  crm a3.html",
		},
		"an example of a documented method": {
			[]page{
				methodPage("a.html", "document.add", "document.add", "document.add", ""),
				methodPage("b.html", "How to Make a Document", "Как создать документ", "document.add", ""),
			},
			"M document.add crm  any  2     a.html",
		},
		"an overview": {
			[]page{methodPage("deals/index.html", "Deals crm.deal.*", "Сделки crm.deal.*", "crm.deal.add", "")},
			"",
		},
		"a version in an overview's table": {
			[]page{{path: "site/index.html", en: "# Sites\n\n|| [landing.site.addFolder](./a.md) | Adds a folder | 21.800.0 ||\n|| [landing.site.add](./b.md) | Adds | ||\n"}},
			"F landing.site.addFolder  since 21.800.0  method https://apidocs.bitrix24.com/site/index.html",
		},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := rows(tc.pages)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, plain(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := rows([]page{
		methodPage("a.html", "crm.deal.add", "crm.deal.add", "crm.deal.add", ""),
		methodPage("b.html", "crm.deal.add", "crm.deal.add", "crm.deal.add", ""),
	}); err == nil || !strings.Contains(err.Error(), "two pages, a.html and b.html") {
		t.Errorf("two pages of one method: %v", err)
	}
}

func TestRowsOfEventPages(t *testing.T) {
	const head = "> Scope: [`im, imbot`](../scopes.md)\n>\n> Who can subscribe: any user\n\n"
	for name, tc := range map[string]struct {
		page page
		want string
	}{
		"the usual page":   {page{path: "on-deal-add.html", en: "# Event onCrmDealAdd\n\n" + head + `"event": "ONCRMDEALADD"`}, "E ONCRMDEALADD im  any  on-deal-add.html im,imbot"},
		"another heading":  {page{path: "on-lead-delete.html", en: "# Event onLeadDelete\n\n" + head + `'event' => 'ONCRMLEADDELETE'`}, "E ONCRMLEADDELETE im  any  on-lead-delete.html im,imbot"},
		"no sample":        {page{path: "on-a.html", en: "# Event onCrmA\n\n" + head}, "E ONCRMA im  any  on-a.html im,imbot"},
		"dots in the name": {page{path: "x/events/a.html", en: "# Event CATALOG.PRICE.ON.ADD\n"}, "E CATALOG.PRICE.ON.ADD     x/events/a.html"},
		"several events":   {page{path: "events/events.html", en: "# Formats\n\n## ONIMA {#onima}\n\n## ONIMB {#onimb}\n"}, "E ONIMA     events/events.html|E ONIMB     events/events.html"},
		"an old event":     {page{path: "x/outdated/events/on-a.html", en: "# onA1\n"}, "E ONA1    d x/outdated/events/on-a.html"},
		"no page of one":   {page{path: "widgets/a.html", en: "# Widget onCrmA\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := rows([]page{tc.page})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, plain(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// plain writes rows with spaces and bars instead of tabs and line breaks.
func plain(list []row) string {
	var lines []string
	for _, r := range list {
		lines = append(lines, strings.ReplaceAll(strings.TrimSpace(r.String()), "\t", " "))
	}
	return strings.Join(lines, "|")
}

// What a sample calls or a sentence names as a method must be decided about.
func TestUnaccounted(t *testing.T) {
	all := []page{{path: "a.html", en: "BX24.callMethod('landing.repo.bind', {})\nThe flag is set by the `imconnector.set.error` method.\n" +
		"The method `crm.deal.add` adds. https://portal/rest/1/code/Crm.Deal.Add.json https://portal/rest/placement.call\n"}}
	list := []row{newRow("M", "crm.deal.add")}
	kept := map[string][]row{"M": {newRow("M", "landing.repo.bind")}, "X": {newRow("X", "placement.*", "script")}}
	if got := unaccounted(all, list, kept); !cmp.Equal(got, []string{"imconnector.set.error\ta.html"}) {
		t.Errorf("%q", got)
	}
}
