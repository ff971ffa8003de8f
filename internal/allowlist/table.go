package allowlist

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/spreadsheet"
)

// table is the rules in JSON.
type table struct {
	Schema    int         `json:"schema"`
	Version   string      `json:"boxready"`
	Made      time.Time   `json:"made"`
	Portal    string      `json:"portal,omitempty"`
	Region    string      `json:"region,omitempty"` // none: the hosts of both regions
	Handlers  string      `json:"handlers"`
	Addresses []tableList `json:"addresses"`
	Rows      []tableRow  `json:"rows"`
}

type tableList struct {
	Region  bitrix.Region `json:"region"`
	URL     string        `json:"url"`
	Fetched *time.Time    `json:"fetched"` // null: not available
	Nodes   int           `json:"nodes"`
}

type tableRow struct {
	IDs         []string         `json:"ids"`
	Direction   bitrix.Direction `json:"direction"`
	Hosts       []string         `json:"hosts"`
	Known       []string         `json:"known_under_masks"`
	Addresses   []string         `json:"addresses"`
	Party       Party            `json:"party,omitempty"`
	Unpublished bool             `json:"unpublished_addresses,omitempty"`
	Ports       []bitrix.Port    `json:"ports"`
	Pack        bitrix.Pack      `json:"pack,omitempty"`
	Mark        bitrix.Mark      `json:"mark,omitempty"`
	Date        string           `json:"date,omitempty"` // of what Mark names, see bitrix.Endpoint
	Regions     []bitrix.Region  `json:"regions"`
	Why         string           `json:"why"`
	Breaks      string           `json:"breaks"`
	Test        string           `json:"test,omitempty"`
	State       checks.State     `json:"state,omitempty"`
	Vantage     checks.Vantage   `json:"vantage,omitempty"`
	Measured    *time.Time       `json:"measured,omitempty"`
}

// tableSchema is the version of the JSON form.
const tableSchema = 1

func addJSON(p *printer) {
	t := table{Schema: tableSchema, Version: p.Version, Made: p.Now, Region: string(p.Region), Handlers: string(p.Handlers),
		Addresses: []tableList{}, Rows: []tableRow{}}
	if p.Portal.Host != "" {
		t.Portal = p.Portal.String()
	}
	for _, l := range p.usedLists() {
		t.Addresses = append(t.Addresses, tableList{l.Region, l.URL, &l.Fetched, len(l.Nodes)})
	}
	for _, region := range p.Missing {
		t.Addresses = append(t.Addresses, tableList{Region: region, URL: bitrix.Feed(region)})
	}
	for _, r := range p.Rows {
		row := tableRow{IDs: r.IDs, Direction: r.Direction, Hosts: orEmpty(r.Hosts), Known: orEmpty(r.Known), Addresses: orEmpty(texts(r)),
			Party: r.Party, Unpublished: r.Unpublished, Ports: r.Ports, Pack: r.Pack, Mark: r.Mark, Date: r.Date, Regions: r.Regions,
			Why: r.Why(p.words), Breaks: r.Breaks(p.words), Test: p.test(r, p.words, r.Direction == bitrix.DeskOut),
			State: r.Measured.State, Vantage: r.Measured.Vantage}
		if r.Measured.State != "" {
			row.Measured = &r.Measured.When
		}
		t.Rows = append(t.Rows, row)
	}
	encoder := json.NewEncoder(&p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	// Encoding these types can't fail, nor can writing to a strings.Builder.
	_ = encoder.Encode(t)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func texts(r Row) (list []string) {
	for _, a := range r.Addresses {
		list = append(list, text(a))
	}
	return list
}

func addCSV(p *printer) {
	w := spreadsheet.NewWriter(&p.out, p.words.Lang())
	w.Row("direction", "remote", "addresses", "ports", "why", "breaks", "pack", "mark", "region", "state", "test")
	for _, r := range p.Rows {
		remote := strings.Join(slices.Concat(r.Hosts, r.Known), " ")
		if r.Hosts == nil && r.Addresses == nil {
			remote = r.What(p.words)
		}
		w.Row(p.say("direction."+string(r.Direction)+".title", nil), remote, strings.Join(texts(r), " "), strings.Join(portNames(r.Ports), " "),
			r.Why(p.words), r.Breaks(p.words), p.packName(r), r.MarkName(p.words), p.regionName(r), r.State(p.words), p.test(r, p.words, r.Direction == bitrix.DeskOut))
	}
	_ = w.Close() // as above
}

func portNames(ports []bitrix.Port) (names []string) {
	for _, p := range ports {
		names = append(names, p.String())
	}
	return names
}
