package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/oncall"
)

func (d *dutyWorld) swap(taker string, give, take oncall.Span) string {
	return fmt.Sprintf(`{"schedule":"payments","taker":%q,"reason":"dentist","give":{"rotation":%q,"from":%q,"until":%q},"take":{"rotation":%q,"from":%q,"until":%q}}`,
		taker, give.Rotation, give.From.Format(time.RFC3339), give.Until.Format(time.RFC3339),
		take.Rotation, take.From.Format(time.RFC3339), take.Until.Format(time.RFC3339))
}

func TestSwapIsAccepted(t *testing.T) {
	d := newDutyWorld(t)
	give, take := d.turn("alice", "primary"), d.turn("bob", "primary")
	var offer gen.Swap
	d.do("alice", "POST", "/v1/swaps", d.swap("bob", give, take)).want(201, &offer)
	require.Equal(t, "offered", offer.State)
	require.Equal(t, []string{"alice"}, d.on("primary", give.From), "nothing changes until it is accepted")
	d.do("carol", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(403, "forbidden")
	d.do("alice", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(403, "forbidden")
	d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").want(200, &offer)
	require.Equal(t, "accepted", offer.State)
	require.Equal(t, []string{"bob"}, d.on("primary", give.From))
	require.Equal(t, []string{"alice"}, d.on("primary", take.From))
	d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
	d.do("alice", "POST", "/v1/swaps/"+offer.Id+"/withdraw", "").problem(409, "refused")

	var overrides gen.OverrideList
	d.do("alice", "GET", "/v1/overrides", "").want(200, &overrides)
	require.Len(t, overrides.Overrides, 2)
	require.Equal(t, offer.Id, overrides.Overrides[0].Swap)
	told, err := d.db.DueNotices(t.Context(), d.now, 10)
	require.NoError(t, err)
	require.Len(t, told, 2)
	require.ElementsMatch(t, []string{"Alice Anders offers you a swap", "Bob Brandt accepts your swap"}, []string{told[0].Title, told[1].Title})
}

func TestSwapIsNotAccepted(t *testing.T) {
	d := newDutyWorld(t)
	give, take := d.turn("alice", "primary"), d.turn("bob", "primary")
	var offer gen.Swap
	for _, end := range []struct{ verb, wrong, by, state string }{
		{"decline", "alice", "bob", "declined"}, {"withdraw", "bob", "alice", "withdrawn"},
	} {
		d.do("alice", "POST", "/v1/swaps", d.swap("bob", give, take)).want(201, &offer)
		d.do(end.wrong, "POST", "/v1/swaps/"+offer.Id+"/"+end.verb, "").problem(403, "forbidden")
		d.do(end.by, "POST", "/v1/swaps/"+offer.Id+"/"+end.verb, "").want(200, &offer)
		require.Equal(t, end.state, offer.State)
		d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
	}
	d.do("bob", "POST", "/v1/swaps/s-1/accept", "").problem(404, "not-found")

	d.clock.Move(time.Second) // for the order of the list
	d.do("alice", "POST", "/v1/swaps", d.swap("bob", give, take)).want(201, &offer)
	d.do("alice", "POST", "/v1/overrides", fmt.Sprintf(`{"schedule":"payments","person":"carol","of":"alice","from":%q,"until":%q}`,
		give.From.Format(time.RFC3339), give.Until.Format(time.RFC3339))).want(201)
	p := d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
	require.Equal(t, []string{"give: alice is not on call in the whole of it"}, p.Missing)

	d.clock.Move(60 * 24 * time.Hour)
	var list gen.SwapList
	d.do("bob", "GET", "/v1/swaps?person=me", "").want(200, &list)
	require.Empty(t, list.Swaps)
	d.do("bob", "GET", "/v1/swaps?person=me&all=true&schedule=payments", "").want(200, &list)
	require.Len(t, list.Swaps, 3)
	require.Equal(t, "expired", list.Swaps[0].State)
	d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
}

func TestSwapsThatAreRefused(t *testing.T) {
	d := newDutyWorld(t)
	give, take := d.turn("alice", "primary"), d.turn("bob", "primary")
	gone := oncall.Span{Rotation: "primary", From: d.now.Add(-2 * time.Hour), Until: d.now.Add(-time.Hour)}
	backwards := oncall.Span{Rotation: "primary", From: give.Until, Until: give.From}
	for name, test := range map[string]struct{ body, field string }{
		"with oneself":       {d.swap("alice", give, take), "taker"},
		"with nobody":        {d.swap("zoe", give, take), "taker"},
		"what is not mine":   {d.swap("bob", take, take), "give"},
		"what is not theirs": {d.swap("bob", give, give), "take"},
		"what is over":       {d.swap("bob", gone, take), "give.from"},
		"backwards":          {d.swap("bob", backwards, take), "give.until"},
		"unknown rotation":   {d.swap("bob", give, oncall.Span{Rotation: "x", From: take.From, Until: take.Until}), "take.rotation"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.field, d.do("alice", "POST", "/v1/swaps", test.body).problem(400, "invalid").Field)
		})
	}
}
