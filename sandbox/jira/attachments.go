package jira

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const maxAttachment = 10 << 20

func (s *Server) renderAttachments(base string, attachments []Attachment) []object {
	out := []object{}
	for _, a := range attachments {
		out = append(out, object{
			"self": base + "/rest/api/2/attachment/" + a.ID, "id": a.ID, "filename": a.Filename,
			"author": s.renderUser(base, a.Author), "created": jiraTime(a.Created), "size": len(a.Content),
			"mimeType": a.MimeType, "content": base + "/rest/api/2/attachment/content/" + a.ID,
		})
	}
	return out
}

// addAttachment refuses what might come from a browser's form, as Jira does.
func (s *Server) addAttachment(w http.ResponseWriter, r *http.Request) error {
	if token := r.Header.Get("X-Atlassian-Token"); token != "no-check" && token != "nocheck" {
		http.Error(w, "XSRF check failed", http.StatusForbidden)
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAttachment)
	reader, err := r.MultipartReader()
	if err != nil {
		return failed(http.StatusBadRequest, "Send the files as multipart/form-data: %s", err)
	}
	added, err := s.readAttachments(reader)
	if err != nil {
		return err
	}
	_, err = s.change(r.PathValue("issue"), s.api(), event{}, func(issue *Issue) error {
		for i := range added {
			added[i].ID = s.nextIDLocked()
		}
		issue.Attachments = append(issue.Attachments, added...)
		return nil
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, s.renderAttachments(base(r), added))
	return nil
}

func (s *Server) readAttachments(reader *multipart.Reader) ([]Attachment, error) {
	var added []Attachment
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(part)
		}
		if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
			return nil, failed(http.StatusRequestEntityTooLarge, "The attachments are larger than %d bytes.", tooBig.Limit)
		}
		if err != nil {
			return nil, failed(http.StatusBadRequest, "The attachment could not be read: %s", err)
		}
		if part.FormName() != "file" {
			continue
		}
		added = append(added, Attachment{
			Filename: part.FileName(), MimeType: part.Header.Get("Content-Type"),
			Author: s.api(), Created: time.Now(), Content: content,
		})
	}
	if len(added) == 0 {
		return nil, failed(http.StatusBadRequest, "No file was sent; name its form field 'file'.")
	}
	return added, nil
}

func (s *Server) attachmentContent(w http.ResponseWriter, r *http.Request) error {
	attachment, ok := s.attachment(r.PathValue("id"))
	if !ok {
		return failed(http.StatusNotFound, "The attachment with id '%s' does not exist", r.PathValue("id"))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(attachment.Filename))
	_, err := w.Write(attachment.Content)
	return err
}

func (s *Server) attachment(id string) (Attachment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, issue := range s.state.Issues {
		i := slices.IndexFunc(issue.Attachments, func(a Attachment) bool { return a.ID == id })
		if i >= 0 {
			return issue.Attachments[i], true
		}
	}
	return Attachment{}, false
}
