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

// listing is one list of the API.
type listing[T any] struct {
	// ask asks for the page at a cursor.
	ask func(ctx context.Context, cursor string, limit int) (*http.Response, error)
	// add takes a page in, and returns how long it was and the cursor of the
	// next one.
	add func(page T) (n int, next string)
	// done shows what was taken in.
	done func(ctx context.Context)
}

// list shows one page of a list, or all.
func list[T any](ctx context.Context, c *call, p paging, l listing[T]) error {
	if p.all && p.limit == 0 {
		p.limit = allAtOnce
	}
	total, cursor := 0, p.cursor
	for {
		page, data, err := read[T](content(l.ask(ctx, cursor, p.limit)))
		if err != nil {
			return err
		}
		n, next := l.add(page)
		if c.session.json {
			c.raw(data)
		}
		total, cursor = total+n, next
		if cursor == "" || !p.all {
			break
		}
		c.progress("%d read, and more to come", total)
	}
	if !c.session.json {
		l.done(ctx)
		if cursor != "" {
			c.tell("there is more: add --all, or --cursor %s", cursor)
		}
	}
	return nil
}
