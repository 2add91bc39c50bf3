package baastest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
)

// toXML turns a JSON document into an XML one, whose root has the given name: a member becomes an element, and the
// elements of a list stand one after the other under the list's name.
func toXML(root string, doc []byte) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	_ = copyValue(enc, dec, root) // of what marshal has written, to memory
	_ = enc.Flush()
	return b.Bytes()
}

func copyValue(enc *xml.Encoder, dec *json.Decoder, name string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	start := xml.StartElement{Name: xml.Name{Local: name}}
	switch token {
	case json.Delim('['):
		for dec.More() {
			if err := copyValue(enc, dec, name); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	case json.Delim('{'):
		if err := enc.EncodeToken(start); err != nil {
			return err
		}
		for dec.More() {
			member, err := dec.Token()
			if err != nil {
				return err
			}
			if err := copyValue(enc, dec, fmt.Sprint(member)); err != nil {
				return err
			}
		}
		if _, err := dec.Token(); err != nil {
			return err
		}
		return enc.EncodeToken(start.End())
	case nil:
		return enc.EncodeElement("", start)
	default:
		return enc.EncodeElement(fmt.Sprint(token), start)
	}
}
