package certbundle_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// TestWrongContent: the checks of each file.
func TestWrongContent(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	pfx := string(readTestdata(t, "keytool.p12"))
	cert, ca, jks := id.files[certbundle.ClientCertFile], id.files[certbundle.CACertFile], id.files[certbundle.TrustStoreFile]
	for name, c := range map[string]struct{ file, content, text string }{
		"client.crt: the CA's":                 {certbundle.ClientCertFile, ca, "the certificate of a CA and no client's"},
		"client.crt: a trust store":            {certbundle.ClientCertFile, jks, "not PEM"},
		"client.crt: cut off":                  {certbundle.ClientCertFile, cert[:len(cert)-30], "cut off or damaged"},
		"client.crt: the second one cut off":   {certbundle.ClientCertFile, cert + ca[:len(ca)-30], "cut off or damaged"},
		"client.crt: not a certificate inside": {certbundle.ClientCertFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x509: "},
		"ca.crt: a page after a mark":          {certbundle.CACertFile, "\xEF\xBB\xBF<center>Log in</center>\n<pre>" + ca, "an HTML page"},
		"ca.crt: a page after blank lines":     {certbundle.CACertFile, strings.Repeat("\r\n", 300) + "<!DOCTYPE html>\n<pre>" + ca, "an HTML page"},
		"ca.crt: a page of any kind":           {certbundle.CACertFile, "<center>Log in</center>\n<pre>" + ca, "an HTML page"},
		"ca.crt: text before a page":           {certbundle.CACertFile, "HTTP 200\n<HTML lang=en>\n" + ca, "an HTML page"},
		"ca.crt: an XML document":              {certbundle.CACertFile, "\n<?xml version='1.0'?>\n" + ca, "an XML document"},
		"trustCa: a certificate":               {certbundle.TrustStoreFile, ca, "not a Java key store"},
		"trustCa: an HTML page":                {certbundle.TrustStoreFile, "<html>", "an HTML page"},
		"trustCa: empty":                       {certbundle.TrustStoreFile, "", "empty"},
		"trustCa: the magic number only":       {certbundle.TrustStoreFile, jks[:4], "not a Java key store"},
		"trustCa: version 1":                   {certbundle.TrustStoreFile, jks[:7] + "\x01" + jks[8:], "another version"},
		"trustCa: no entries":                  {certbundle.TrustStoreFile, jks[:8] + "\x00\x00\x00\x00" + jks[len(jks)-20:], "no entries"},
		"trustCa: 4 billion entries, it says":  {certbundle.TrustStoreFile, jks[:8] + "\xff\xff\xff\xff" + jks[12:], "cut off or damaged"},
		"trustCa: fewer entries than it says":  {certbundle.TrustStoreFile, jks[:8] + "\x00\x00\x00\x02" + jks[12:], "cut off or damaged"},
		"trustCa: an entry of no kind":         {certbundle.TrustStoreFile, jks[:12] + "\x00\x00\x00\x03" + jks[16:], "cut off or damaged"},
		"trustCa: cut off in an entry":         {certbundle.TrustStoreFile, jks[:len(jks)-30], "cut off or damaged"},
		"trustCa: cut off at the end":          {certbundle.TrustStoreFile, jks[:len(jks)-1], "does not end where it should"},
		"trustCa: more than there should be":   {certbundle.TrustStoreFile, jks + "x", "does not end where it should"},
		"trustCa: PKCS#12, cut off":            {certbundle.TrustStoreFile, pfx[:len(pfx)-1], "not a Java key store"},
		"trustCa: PKCS#12, more than its end":  {certbundle.TrustStoreFile, pfx + "x", "not a Java key store"},
		"trustCa: a sequence of another kind":  {certbundle.TrustStoreFile, "\x30\x03\x02\x01\x04", "not a Java key store"},
		"client.crt: no whole certificate":     {certbundle.ClientCertFile, pemOf("CERTIFICATE", "\x30\x05\x30\x00"), "x509: "},
		"client.crt: a key":                    {certbundle.ClientCertFile, id.files[certbundle.ClientKeyFile], "not a certificate"},
		"trustCa: a length beyond its end":     {certbundle.TrustStoreFile, strings.Replace(jks, "X.509\x00\x00", "X.509\xff\xff", 1), "cut off or damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){c.file: answer(200, c.content)}}
			dir := t.TempDir()
			_, err := certbundle.Save(t.Context(), dir, id.result, s.client())
			requireSafe(t, err)
			require.ErrorIs(t, err, certbundle.ErrMalformed)
			require.Contains(t, err.Error(), "certbundle: "+c.file+": download from "+linkHost+": wrong content: ")
			require.Contains(t, err.Error(), c.text)
			requireFiles(t, dir, id.without(c.file))
		})
	}
}

// TestRightContent: what could be taken for wrong and is not.
func TestRightContent(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	cert, ca := id.files[certbundle.ClientCertFile], id.files[certbundle.CACertFile]
	for name, c := range map[string]struct{ file, content string }{
		"client.crt: with its CA":       {certbundle.ClientCertFile, cert + ca},
		"client.crt: its CA first":      {certbundle.ClientCertFile, ca + cert},
		"client.crt: text before":       {certbundle.ClientCertFile, "subject=CN\n" + cert},
		"client.crt: CR and LF":         {certbundle.ClientCertFile, strings.ReplaceAll(cert, "\n", "\r\n")},
		"ca.crt: with the client's":     {certbundle.CACertFile, cert + ca},
		"ca.crt: more than Go reads":    {certbundle.CACertFile, strings.Repeat(ca, 17)},
		"client.crt: likewise":          {certbundle.ClientCertFile, strings.Repeat(cert, 17)},
		"trustCa: with another digest":  {certbundle.TrustStoreFile, id.files[certbundle.TrustStoreFile][:len(id.files[certbundle.TrustStoreFile])-20] + strings.Repeat("x", 20)},
		"ca.crt: 1 MiB and no more":     {certbundle.CACertFile, ca + strings.Repeat("\n", 1<<20-len(ca))},
		"trustCa: with a private key":   {certbundle.TrustStoreFile, keyStore(id, 17)},
		"trustCa: PKCS#12":              {certbundle.TrustStoreFile, string(readTestdata(t, "keytool.p12"))},
		"ca.crt: a blank line at first": {certbundle.CACertFile, "\n\n" + ca},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &storage{files: id.files, instead: map[string]func(*http.Request) (*http.Response, error){c.file: answer(200, c.content)}}
			dir := t.TempDir()
			_, err := certbundle.Save(t.Context(), dir, id.result, s.client())
			require.NoError(t, err)
			want := id.without(c.file)
			want[c.file] = c.content
			requireFiles(t, dir, want)
		})
	}
}

// keyStore is a JKS with a private key and two certificates.
func keyStore(id identity, certs int) string {
	sized := func(s string) string { return string([]byte{0, 0, byte(len(s) >> 8), byte(len(s))}) + s }
	named := func(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
	cert := named("X.509") + sized("certificate")
	return id.files[certbundle.TrustStoreFile][:8] + "\x00\x00\x00\x01" +
		"\x00\x00\x00\x01" + named("alias") + strings.Repeat("t", 8) + sized("key") + string([]byte{0, 0, 0, byte(certs)}) + strings.Repeat(cert, certs) +
		strings.Repeat("d", 20)
}
