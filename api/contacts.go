package api

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// contact is a contact method of a person as it stands.
type contact struct {
	catalog.ContactMethod
	// own is nil for a declared one.
	own   *store.Contact
	inUse bool
}

// contactsOf returns the contact methods of a person: those of the catalog in
// force, with what they added to it a moment ago.
func (s *server) contactsOf(ctx context.Context, c *catalog.Catalog, p catalog.Person) ([]contact, error) {
	added, err := s.Duty.Contacts(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	var out []contact
	for _, m := range p.Contacts {
		if !m.Own {
			out = append(out, contact{ContactMethod: m})
		}
	}
	for _, own := range added {
		m := own.Method
		if known, ok := c.ContactMethod(p.ID, m.ID); ok {
			m.Verified = known.Verified && known.Mark() == m.Mark()
		}
		out = slices.DeleteFunc(out, func(o contact) bool { return o.ID == m.ID })
		out = append(out, contact{ContactMethod: m, own: &own})
	}
	someVerified := slices.ContainsFunc(out, func(m contact) bool { return m.Verified })
	for i := range out {
		out[i].inUse = out[i].Verified || !someVerified
	}
	return out, nil
}

// contactNamed returns one contact method of a person, when whoever asks may
// act for them.
func (s *server) contactNamed(ctx context.Context, person, id string) (catalog.Person, contact, error) {
	c, p, err := s.actsFor(ctx, person)
	if err != nil {
		return p, contact{}, err
	}
	list, err := s.contactsOf(ctx, c, p)
	if err != nil {
		return p, contact{}, err
	}
	i := slices.IndexFunc(list, func(m contact) bool { return m.ID == id })
	if i < 0 {
		return p, contact{}, incident.Errorf(incident.NotFound, "%s has no contact method %q", p.ID, id)
	}
	return p, list[i], nil
}

// ListContacts lists the contact methods of a person.
func (s *server) ListContacts(ctx context.Context, r gen.ListContactsRequestObject) (gen.ListContactsResponseObject, error) {
	c, p, err := s.named(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	list, err := s.contactsOf(ctx, c, p)
	if err != nil {
		return nil, err
	}
	shown := ownOrAdmin(ctx, p.ID)
	return gen.ListContacts200JSONResponse{Person: p.ID, Contacts: each(list, func(m contact) gen.Contact {
		return contactOf(m, shown)
	})}, nil
}

func contactOf(m contact, address bool) gen.Contact {
	out := gen.Contact{Id: m.ID, Kind: m.Kind, Verified: m.Verified, InUse: m.inUse, Owner: ownedByCatalog}
	if m.own != nil {
		out.Owner, out.By, out.MadeAt = ownedByAPI, m.own.By, m.own.Made
	}
	if address {
		out.Address = m.Address
	}
	return out
}

// AddContact adds a contact method of one's own.
func (s *server) AddContact(ctx context.Context, r gen.AddContactRequestObject) (gen.AddContactResponseObject, error) {
	_, p, err := s.actsFor(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	m := catalog.ContactMethod{ID: r.Body.Id, Kind: r.Body.Kind, Address: r.Body.Address}
	if err := catalog.CheckOwnContact(m); err != nil {
		return nil, err
	}
	who := callerOf(ctx).identity
	if m.Kind == "webhook" && !who.has(ScopeAdmin) {
		return nil, incident.Errorf(incident.Forbidden,
			"a webhook has this server call an address: adding one takes the scope %q", ScopeAdmin)
	}
	own := store.Contact{Person: p.ID, Method: m, Made: s.Now().UTC(), By: who.owner()}
	if err := s.Duty.AddContact(ctx, own); err != nil {
		return nil, err
	}
	s.Log.Info("contact method added", "person", p.ID, "contact", m.ID, "kind", m.Kind, "by", who.owner())
	_, added, err := s.contactNamed(ctx, p.ID, m.ID)
	return gen.AddContact201JSONResponse(contactOf(added, true)), err
}

// RemoveContact removes a contact method of one's own.
func (s *server) RemoveContact(ctx context.Context, r gen.RemoveContactRequestObject) (gen.RemoveContactResponseObject, error) {
	p, m, err := s.contactNamed(ctx, r.Person, r.Contact)
	if err != nil {
		return nil, err
	}
	if m.own == nil {
		return nil, incident.Errorf(incident.Refused, "%q is declared: remove it from the catalog's files", m.ID)
	}
	if err := s.Duty.RemoveContact(ctx, p.ID, m.ID); err != nil {
		return nil, err
	}
	s.Log.Info("contact method removed", "person", p.ID, "contact", m.ID, "by", callerOf(ctx).identity.owner())
	return gen.RemoveContact204Response{}, nil
}

// VerifyContact sends a code to a contact method.
func (s *server) VerifyContact(ctx context.Context, r gen.VerifyContactRequestObject) (gen.VerifyContactResponseObject, error) {
	if s.Pager == nil {
		return nil, incident.Errorf(incident.NotFound, "this process cannot send codes")
	}
	p, m, err := s.contactNamed(ctx, r.Person, r.Contact)
	if err != nil {
		return nil, err
	}
	if m.Verified {
		return nil, incident.Errorf(incident.Refused, "%q is verified already", m.ID)
	}
	code, err := mintCode()
	if err != nil {
		return nil, err
	}
	kept := store.Code{ID: newID("v"), Person: p.ID, Contact: m.ID, Mark: m.Mark(), Sent: s.Now().UTC()}
	kept.Hash = s.hashCode(kept.ID, code)
	if err := s.Duty.KeepCode(ctx, kept); err != nil {
		return nil, err
	}
	if err := s.Pager.SendCode(ctx, m.ContactMethod, code); err != nil {
		return nil, fmt.Errorf("send a code to %s/%s: %w", p.ID, m.ID, err)
	}
	s.Log.Info("code sent", "person", p.ID, "contact", m.ID, "kind", m.Kind)
	return gen.VerifyContact202JSONResponse{Contact: m.ID, Kind: m.Kind, ExpiresAt: kept.Sent.Add(store.CodeLife)}, nil
}

// ConfirmContact takes a code back.
func (s *server) ConfirmContact(ctx context.Context, r gen.ConfirmContactRequestObject) (gen.ConfirmContactResponseObject, error) {
	p, m, err := s.contactNamed(ctx, r.Person, r.Contact)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	kept, err := s.Duty.LastCode(ctx, p.ID, m.ID, now)
	if incident.KindOf(err) == incident.NotFound || err == nil && kept.Mark != m.Mark() {
		return nil, incident.Errorf(incident.Refused, "no code waits for an answer: ask for one first")
	}
	if err != nil {
		return nil, err
	}
	err = s.Duty.Verify(ctx, kept.ID, s.hashCode(kept.ID, r.Body.Code), now)
	if e, ok := errors.AsType[*incident.Error](err); ok && e.Kind == incident.Invalid {
		return nil, &fieldError{field: "code", message: e.Message}
	}
	if err != nil {
		return nil, err
	}
	s.Log.Info("contact method verified", "person", p.ID, "contact", m.ID, "kind", m.Kind)
	m.Verified, m.inUse = true, true
	return gen.ConfirmContact200JSONResponse(contactOf(m, true)), nil
}

// mintCode makes six random digits.
func mintCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// hashCode returns what the store keeps of a code. Six digits are soon tried:
// without the key of links nobody can try them on what is stored.
func (s *server) hashCode(id, code string) string {
	mac := hmac.New(sha256.New, s.Links.Key)
	mac.Write([]byte("contact code\x00" + id + "\x00" + code))
	return hex.EncodeToString(mac.Sum(nil))
}
