package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

// paging says how much of a list is asked for.
type paging struct {
	all    bool
	limit  int
	cursor string
}

// allAtOnce is the length of the pages by which a whole list is read.
const allAtOnce = 200

func (p *paging) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&p.limit, "limit", 0, "how many at most, up to 200 (50)")
	f.BoolVar(&p.all, "all", false, "everything, page after page")
	f.StringVar(&p.cursor, "cursor", "", "go on where an earlier list ended")
}

// listing is one list of the API: P is a page of it, and T what it lists.
type listing[P, T any] struct {
	// ask asks for the page at a cursor.
	ask func(ctx context.Context, cursor string, limit int) (*http.Response, error)
	// open takes a page apart: what it lists, and the cursor of the next one.
	open func(page P) (part []T, next string)
	columns[T]
}

// list shows one page of a list, or all.
func list[P, T any](ctx context.Context, c *call, p paging, l listing[P, T]) error {
	if p.all && p.limit == 0 {
		p.limit = allAtOnce
	}
	var all []T
	cursor := p.cursor
	for {
		page, data, err := read[P](content(l.ask(ctx, cursor, p.limit)))
		if err != nil {
			return err
		}
		if c.session.json {
			c.raw(data)
		}
		part, next := l.open(page)
		all, cursor = append(all, part...), next
		if cursor == "" || !p.all {
			break
		}
		c.progress("%d read, and more to come", len(all))
	}
	if !c.session.json {
		l.show(ctx, c, all...)
		if cursor != "" {
			c.tell("there is more: add --all, or --cursor %s", cursor)
		}
	}
	return nil
}

// columns are how a list is shown: a row for each T, with times by a clock.
type columns[T any] struct {
	header []string
	row    func(k clock, one T) []string
	// none is said of an empty list.
	none string
}

func (l columns[T]) show(ctx context.Context, c *call, all ...T) {
	if len(all) == 0 {
		c.tell("%s", l.none)
		return
	}
	k := c.clock(ctx)
	t := c.table(l.header...)
	for _, one := range all {
		t.row(l.row(k, one)...)
	}
	t.flush()
}
