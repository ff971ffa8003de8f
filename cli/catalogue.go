package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/renewal"
	"boxready/internal/report"

	"github.com/spf13/cobra"
)

// The user waits for the two requests.
const catalogueTimeout = 30 * time.Second

func (cl *commandLine) catalogueCommand() *cobra.Command {
	c := &cobra.Command{Use: "catalogue", Args: knownCommand, RunE: cl.showHelp}
	var format, file string
	show := &cobra.Command{
		Use: "show", Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return cl.showCatalogue(format) },
	}
	addFormat(show, &format, "text", "json")
	update := &cobra.Command{
		Use: "update", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return cl.updateCatalogue(c.Context(), file) },
	}
	update.Flags().StringVar(&file, "file", "", "")
	c.AddCommand(show, update)
	return c
}

// catalogueSchema is the version of the JSON form.
const catalogueSchema = 1

// catalogue is the catalogue in use, in JSON.
type catalogue struct {
	Schema  int               `json:"schema"`
	Date    string            `json:"date"` // 2006-01-02
	Sources []catalogueSource `json:"sources"`
	Methods int               `json:"methods"` // numbers
	Events  int               `json:"events"`
	Scopes  int               `json:"scopes"`
	Facts   int               `json:"facts"`
	Hosts   int               `json:"hosts"`   // rows
	Renewed *catalogueOrigin  `json:"renewed"` // null for the built-in one
}

type catalogueSource struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
	Date     string `json:"date"`
}

type catalogueOrigin struct {
	From string    `json:"from"`
	When time.Time `json:"when"`
	Key  string    `json:"key"`
}

func (cl *commandLine) showCatalogue(format string) error {
	info, hosts := bitrix.CatalogueInfo(), len(bitrix.Endpoints())
	if format == "json" {
		c := catalogue{Schema: catalogueSchema, Date: info.Date, Methods: info.Methods, Events: info.Events, Scopes: info.Scopes,
			Facts: info.Facts, Hosts: hosts}
		for _, s := range info.Sources {
			c.Sources = append(c.Sources, catalogueSource(s))
		}
		if info.Renewed.Key != "" {
			c.Renewed = (*catalogueOrigin)(&info.Renewed)
		}
		return report.WriteJSON(cl.Out, c, true)
	}
	say := func(key string, args checks.Args) { fmt.Fprintln(cl.Out, cl.words.Say("catalogue."+key, args)) }
	fmt.Fprintln(cl.Out, cl.words.CatalogueInUse())
	if o := info.Renewed; o.Key != "" {
		say("origin", checks.Args{"from": o.From, "when": o.When, "key": o.Key})
	}
	for _, s := range info.Sources {
		say("source", checks.Args{"name": s.Name, "date": s.Date, "revision": s.Revision})
	}
	table := tabwriter.NewWriter(cl.Out, 0, 0, 2, ' ', 0)
	for _, row := range []struct {
		key string
		n   int
	}{{"methods", info.Methods}, {"events", info.Events}, {"scopes", info.Scopes}, {"facts", info.Facts}, {"hosts", hosts}} {
		fmt.Fprintf(table, "%s\t%d\n", cl.words.Say("catalogue.count."+row.key, nil), row.n)
	}
	return table.Flush()
}

// updateCatalogue takes over a file, or what is at the packager's address.
func (cl *commandLine) updateCatalogue(ctx context.Context, file string) (err error) {
	var date string
	if file != "" {
		date, err = cl.Catalogue.FromFile(file, time.Now())
	} else {
		ctx, cancel := context.WithTimeout(ctx, catalogueTimeout)
		defer cancel()
		a, failure := cl.newApp(app.Network{})
		if failure != nil {
			return failure
		}
		date, err = a.RenewCatalogue(ctx, cl.Catalogue)
	}
	refused, ok := errors.AsType[*renewal.Error](err)
	switch {
	case ok && refused.Code == renewal.SameDate && file == "":
		_, err = fmt.Fprintln(cl.Out, cl.words.Say("catalogue.newest", checks.Args{"date": refused.Date}))
		return err
	case ok:
		cl.exit = ExitCouldNot
		fmt.Fprintln(cl.Err, cl.words.RefusedCatalogue(refused))
		return nil
	case err != nil:
		return cl.fail(err)
	}
	_, err = fmt.Fprintln(cl.Out, cl.words.Say("catalogue.updated", checks.Args{"date": date}))
	return err
}
